terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

data "rediscloud_payment_method" "card" {
  card_type         = "Mastercard"
  last_four_numbers = "0042"
}

data "rediscloud_cloud_account" "ours" {
  exclude_internal_account = true
  provider_type            = "AWS"
  name                     = "ours"
}

resource "rediscloud_subscription" "shop" {
  name              = "own-assets"
  payment_method    = "credit-card"
  payment_method_id = data.rediscloud_payment_method.card.id

  cloud_provider {
    provider         = "AWS"
    cloud_account_id = data.rediscloud_cloud_account.ours.id

    region {
      region                       = "us-east-1"
      networking_deployment_cidr   = "10.80.0.0/24"
      preferred_availability_zones = []
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

output "card" {
  value = data.rediscloud_payment_method.card.id
}

output "paid_with" {
  value = rediscloud_subscription.shop.payment_method_id
}
