terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "subscription_name" {
  default = "global"
}

variable "dataset_size" {
  default = 1
}

variable "data_persistence" {
  default = "none"
}

variable "alert" {
  default = 40
}

variable "regions" {
  default = {
    "us-east-1" = { cidr = "10.41.0.0/24", operations = 1000 }
    "us-east-2" = { cidr = "10.42.0.0/24", operations = 1000 }
  }
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

resource "rediscloud_active_active_subscription" "global" {
  name              = var.subscription_name
  payment_method_id = data.rediscloud_payment_method.card.id
  cloud_provider    = "AWS"

  # Read at creation only: the provider ignores it afterwards, and so does an import.
  creation_plan {
    memory_limit_in_gb = 1
    quantity           = 1
    region {
      region                      = "us-east-1"
      networking_deployment_cidr  = "10.41.0.0/24"
      write_operations_per_second = 1000
      read_operations_per_second  = 1000
    }
    region {
      region                      = "us-east-2"
      networking_deployment_cidr  = "10.42.0.0/24"
      write_operations_per_second = 1000
      read_operations_per_second  = 1000
    }
  }
}

resource "rediscloud_active_active_subscription_database" "orders" {
  subscription_id         = rediscloud_active_active_subscription.global.id
  name                    = "orders"
  dataset_size_in_gb      = var.dataset_size
  global_data_persistence = var.data_persistence
  global_password         = "correct-horse-battery"
  global_source_ips       = ["198.51.100.0/24", "203.0.113.0/24"]
  global_alert {
    name  = "dataset-size"
    value = var.alert
  }

  override_region {
    name                             = "us-east-1"
    override_global_data_persistence = "aof-every-write"
    override_global_source_ips       = ["192.0.2.0/24"]
    override_global_password         = "region-specific-password"
    override_global_alert {
      name  = "dataset-size"
      value = 42
    }
    remote_backup {
      interval     = "every-24-hours"
      time_utc     = "15:00"
      storage_type = "aws-s3"
      storage_path = "s3://backups/orders"
    }
  }

  tags = {
    "team" = "web"
  }
}

resource "rediscloud_active_active_subscription_regions" "global" {
  subscription_id = rediscloud_active_active_subscription.global.id
  delete_regions  = true

  dynamic "region" {
    for_each = var.regions
    content {
      region                     = region.key
      networking_deployment_cidr = region.value.cidr
      database {
        database_id                       = rediscloud_active_active_subscription_database.orders.db_id
        database_name                     = rediscloud_active_active_subscription_database.orders.name
        local_write_operations_per_second = region.value.operations
        local_read_operations_per_second  = region.value.operations
      }
    }
  }
}

data "rediscloud_active_active_subscription" "global" {
  name       = rediscloud_active_active_subscription.global.name
  depends_on = [rediscloud_active_active_subscription.global]
}

data "rediscloud_active_active_subscription_database" "orders" {
  subscription_id = rediscloud_active_active_subscription.global.id
  name            = rediscloud_active_active_subscription_database.orders.name
}

output "subscription_id" {
  value = rediscloud_active_active_subscription.global.id
}

output "database_id" {
  value = rediscloud_active_active_subscription_database.orders.id # of both, as an import wants it
}

output "endpoint" {
  value = rediscloud_active_active_subscription_database.orders.public_endpoint["us-east-1"]
}

output "status" {
  value = data.rediscloud_active_active_subscription.global.status
}

output "data_eviction" {
  value = data.rediscloud_active_active_subscription_database.orders.data_eviction
}
