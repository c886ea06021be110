terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

# One more than the cloud changes at once.
resource "rediscloud_subscription" "of" {
  count             = 4
  name              = "team-${count.index}"
  payment_method_id = data.rediscloud_payment_method.card.id

  cloud_provider {
    provider = "AWS"
    region {
      region                     = "eu-west-1"
      networking_deployment_cidr = "10.${40 + count.index}.0.0/24"
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
