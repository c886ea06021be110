terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

data "rediscloud_cloud_account" "own" {
  exclude_internal_account = true
  name                     = "of nobody"
}
