terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

data "rediscloud_regions" "all" {}

data "rediscloud_regions" "gcp" {
  provider_name = "GCP"
}

data "rediscloud_database_modules" "all" {}

data "rediscloud_data_persistence" "all" {}

data "rediscloud_cloud_account" "internal" {
  exclude_internal_account = false
  provider_type            = "AWS"
  name                     = "Redis Internal Resources"
}

data "rediscloud_subscription" "seeded" {
  name = "seeded"
}

data "rediscloud_database" "ledger" {
  subscription_id = data.rediscloud_subscription.seeded.id
  name            = "ledger"
}

output "aws_region" {
  value = contains(data.rediscloud_regions.all.regions[*].name, "eu-west-1")
}

output "gcp_region" {
  value = contains(data.rediscloud_regions.gcp.regions[*].name, "europe-west1")
}

output "module" {
  value = contains(data.rediscloud_database_modules.all.modules[*].name, "RediSearch")
}

output "persistence" {
  value = contains(data.rediscloud_data_persistence.all.data_persistence[*].name, "aof-every-1-second")
}

output "internal" {
  value = data.rediscloud_cloud_account.internal.name
}

output "subscription_id" {
  value = data.rediscloud_subscription.seeded.id
}

output "status" {
  value = data.rediscloud_subscription.seeded.status
}

output "databases" {
  value = data.rediscloud_subscription.seeded.number_of_databases
}

output "deployment_cidr" {
  value = one(one(data.rediscloud_subscription.seeded.cloud_provider[0].region[*]).networks).networking_deployment_cidr
}

output "maintenance" {
  value = data.rediscloud_subscription.seeded.maintenance_windows[0].mode
}

output "price" {
  value = data.rediscloud_subscription.seeded.pricing[0].type
}

output "database_size" {
  value = data.rediscloud_database.ledger.dataset_size_in_gb
}

output "database_region" {
  value = data.rediscloud_database.ledger.region
}

output "alert" {
  value = one(data.rediscloud_database.ledger.alert[*]).name
}
