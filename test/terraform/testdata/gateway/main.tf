terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

# 0: none yet. The invitation to it is accepted elsewhere.
variable "transit_gateway" {
  default = 0
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

resource "rediscloud_subscription" "shop" {
  name              = "shop"
  payment_method_id = data.rediscloud_payment_method.card.id

  cloud_provider {
    provider = "AWS"
    region {
      region                     = "eu-west-1"
      networking_deployment_cidr = "10.61.0.0/24"
    }
  }

  creation_plan {
    dataset_size_in_gb           = 1
    quantity                     = 1
    replication                  = false
    throughput_measurement_by    = "operations-per-second"
    throughput_measurement_value = 1000
  }
}

resource "rediscloud_transit_gateway_attachment" "hub" {
  count           = var.transit_gateway == 0 ? 0 : 1
  subscription_id = rediscloud_subscription.shop.id
  tgw_id          = var.transit_gateway
}

output "subscription_id" {
  value = rediscloud_subscription.shop.id
}
