terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "subscription_name" {
  default = "essentials"
}

variable "database_name" {
  default = "sessions"
}

variable "plan" {
  default = "250MB"
}

variable "alert" {
  default = 80
}

variable "source_ips" {
  default = null
}

variable "backup_path" {
  default = null
}

variable "tags" {
  default = {
    "environment" = "production"
    "cost_center" = "0700"
  }
}

data "rediscloud_payment_method" "card" {
  card_type = "Visa"
}

data "rediscloud_essentials_plan" "chosen" {
  name           = var.plan
  cloud_provider = "AWS"
  region         = "eu-west-1"
}

data "rediscloud_essentials_plan" "azure" {
  id             = 35008
  cloud_provider = "Azure"
}

resource "rediscloud_essentials_subscription" "small" {
  name              = var.subscription_name
  plan_id           = data.rediscloud_essentials_plan.chosen.id
  payment_method_id = data.rediscloud_payment_method.card.id
}

resource "rediscloud_essentials_database" "sessions" {
  subscription_id      = rediscloud_essentials_subscription.small.id
  name                 = var.database_name
  enable_default_user  = true
  password             = "correct-horse-battery"
  data_persistence     = "none"
  replication          = false
  source_ips           = var.source_ips
  periodic_backup_path = var.backup_path
  tags                 = var.tags

  alert {
    name  = "throughput-higher-than"
    value = var.alert
  }
}

data "rediscloud_essentials_subscription" "small" {
  name = rediscloud_essentials_subscription.small.name
}

data "rediscloud_essentials_database" "sessions" {
  subscription_id = rediscloud_essentials_subscription.small.id
  name            = rediscloud_essentials_database.sessions.name
}

data "rediscloud_essentials_plan" "own" {
  name            = data.rediscloud_essentials_plan.chosen.name
  subscription_id = rediscloud_essentials_subscription.small.id
}

output "subscription_id" {
  value = rediscloud_essentials_subscription.small.id
}

output "database_id" {
  value = rediscloud_essentials_database.sessions.id
}

output "found" {
  value = tostring(data.rediscloud_essentials_subscription.small.id) == rediscloud_essentials_subscription.small.id
}

output "azure" {
  value = "${data.rediscloud_essentials_plan.azure.cloud_provider} ${data.rediscloud_essentials_plan.azure.region}"
}

output "own_plan" {
  value = data.rediscloud_essentials_plan.own.id == data.rediscloud_essentials_plan.chosen.id
}

output "read" {
  value = join(" ", [
    data.rediscloud_essentials_database.sessions.protocol,
    data.rediscloud_essentials_database.sessions.resp_version,
    length(data.rediscloud_essentials_database.sessions.private_endpoint),
  ])
}

output "public_endpoint" {
  value = data.rediscloud_essentials_database.sessions.public_endpoint
}
