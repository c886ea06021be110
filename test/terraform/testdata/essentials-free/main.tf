terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "subscription_name" {
  default = "free"
}

variable "default_user" {
  default = true
}

data "rediscloud_essentials_plan" "free" {
  name           = "30MB"
  cloud_provider = "AWS"
  region         = "us-east-1"
}

resource "rediscloud_essentials_subscription" "free" {
  name    = var.subscription_name
  plan_id = data.rediscloud_essentials_plan.free.id
}

resource "rediscloud_essentials_database" "toy" {
  subscription_id     = rediscloud_essentials_subscription.free.id
  name                = "toy"
  protocol            = "redis"
  enable_default_user = var.default_user
  data_persistence    = "none"
  data_eviction       = "allkeys-lru"
  replication         = false
  modules             = [{ name = "RediSearch" }]
}

output "subscription_id" {
  value = rediscloud_essentials_subscription.free.id
}

output "database_id" {
  value = rediscloud_essentials_database.toy.id
}
