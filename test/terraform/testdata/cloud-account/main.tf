terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "account_name" {
  default = "own"
}

variable "allowed" {
  default = ["10.90.0.0/16"]
}

resource "rediscloud_cloud_account" "own" {
  name              = var.account_name
  provider_type     = "AWS"
  access_key_id     = "AKIATERRAFORM"
  access_secret_key = "secret"
  console_username  = "console"
  console_password  = "word"
  sign_in_login_url = "https://example.signin.aws.amazon.com/console"
}

data "rediscloud_cloud_account" "own" {
  exclude_internal_account = true
  provider_type            = "AWS"
  name                     = rediscloud_cloud_account.own.name
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

resource "rediscloud_subscription" "shop" {
  name              = "own-account"
  payment_method    = "credit-card"
  payment_method_id = data.rediscloud_payment_method.card.id
  memory_storage    = "ram"

  allowlist {
    cidrs              = var.allowed
    security_group_ids = []
  }

  cloud_provider {
    provider         = "AWS"
    cloud_account_id = rediscloud_cloud_account.own.id
    region {
      region                     = "eu-west-1"
      networking_deployment_cidr = "10.41.0.0/24"
    }
  }

  # Read at creation only: the provider ignores it afterwards, and so does an import.
  creation_plan {
    dataset_size_in_gb           = 1
    quantity                     = 1
    replication                  = true
    throughput_measurement_by    = "operations-per-second"
    throughput_measurement_value = 1000
  }
}

output "account_id" {
  value = rediscloud_cloud_account.own.id
}

output "found" {
  value = data.rediscloud_cloud_account.own.access_key_id
}

output "subscription_id" {
  value = rediscloud_subscription.shop.id
}
