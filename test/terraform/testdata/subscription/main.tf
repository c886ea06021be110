terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "subscription_name" {
  default = "shop"
}

variable "dataset_size" {
  default = 2
}

variable "throughput" {
  default = 2000
}

variable "alerts" {
  default = {
    "dataset-size"           = 80
    "throughput-higher-than" = 1500
  }
}

variable "tags" {
  default = {
    "market" = "emea"
    "team"   = "web"
  }
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

resource "rediscloud_subscription" "shop" {
  name              = var.subscription_name
  payment_method    = "credit-card"
  payment_method_id = data.rediscloud_payment_method.card.id
  memory_storage    = "ram"

  cloud_provider {
    provider = "AWS"
    region {
      region                     = "eu-west-1"
      networking_deployment_cidr = "10.21.0.0/24"
    }
  }

  # Read at creation only: the provider ignores it afterwards, and so does an import.
  creation_plan {
    dataset_size_in_gb           = 2
    quantity                     = 1
    replication                  = true
    throughput_measurement_by    = "operations-per-second"
    throughput_measurement_value = 2000
  }
}

resource "rediscloud_subscription_database" "orders" {
  subscription_id              = rediscloud_subscription.shop.id
  name                         = "orders"
  protocol                     = "redis"
  dataset_size_in_gb           = var.dataset_size
  data_persistence             = "aof-every-1-second"
  data_eviction                = "allkeys-lru"
  replication                  = true
  throughput_measurement_by    = "operations-per-second"
  throughput_measurement_value = var.throughput
  password                     = "correct-horse-battery"
  source_ips                   = ["198.51.100.0/24", "203.0.113.0/24"]
  tags                         = var.tags

  dynamic "alert" {
    for_each = var.alerts
    content {
      name  = alert.key
      value = alert.value
    }
  }
}

output "subscription_id" {
  value = rediscloud_subscription.shop.id
}

output "database_id" {
  value = rediscloud_subscription_database.orders.id
}

output "public_endpoint" {
  value = rediscloud_subscription_database.orders.public_endpoint
}

output "private_endpoint" {
  value = rediscloud_subscription_database.orders.private_endpoint
}

output "password" {
  value     = rediscloud_subscription_database.orders.password
  sensitive = true
}
