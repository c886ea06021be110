terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

variable "rule" {
  default = "+@read ~orders:*"
}

variable "role_name" {
  default = "clerk"
}

# Made by the test through the API.
data "rediscloud_subscription" "seeded" {
  name = "guarded"
}

data "rediscloud_database" "ledger" {
  subscription_id = data.rediscloud_subscription.seeded.id
  name            = "ledger"
}

data "rediscloud_acl_rule" "default" {
  name = "Read-Only"
}

resource "rediscloud_acl_rule" "orders" {
  name = "orders"
  rule = var.rule
}

resource "rediscloud_acl_role" "clerk" {
  name = var.role_name
  rule {
    name = rediscloud_acl_rule.orders.name
    database {
      subscription = data.rediscloud_subscription.seeded.id
      database     = data.rediscloud_database.ledger.db_id
    }
  }
}

resource "rediscloud_acl_user" "bi" {
  name     = "bi"
  role     = rediscloud_acl_role.clerk.name
  password = "Vq7!rTz2#pLm9"
}

data "rediscloud_acl_role" "clerk" {
  name = rediscloud_acl_role.clerk.name
}

data "rediscloud_acl_user" "bi" {
  name = rediscloud_acl_user.bi.name
}

output "default_rule" {
  value = data.rediscloud_acl_rule.default.rule
}

output "rule_id" {
  value = rediscloud_acl_rule.orders.id
}

output "role_id" {
  value = rediscloud_acl_role.clerk.id
}

output "user_id" {
  value = rediscloud_acl_user.bi.id
}

output "role_rule" {
  value = one(data.rediscloud_acl_role.clerk.rule[*].name)
}

output "user_role" {
  value = data.rediscloud_acl_user.bi.role
}
