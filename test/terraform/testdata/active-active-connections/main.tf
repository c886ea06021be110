terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

# 0: none yet. A gateway can be attached once the invitation to it was accepted, which this version of the provider
# leaves to the console.
variable "transit_gateway" {
  default = 0
}

variable "region_id" {
  default = 0
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

locals {
  regions = {
    AWS = { "us-east-1" = "10.51.0.0/24", "us-east-2" = "10.52.0.0/24" }
    GCP = { "europe-west1" = "10.53.0.0/24", "us-west1" = "10.54.0.0/24" }
  }
}

resource "rediscloud_active_active_subscription" "of" {
  for_each          = local.regions
  name              = "global-${each.key}"
  payment_method_id = data.rediscloud_payment_method.card.id
  cloud_provider    = each.key

  creation_plan {
    memory_limit_in_gb = 1
    quantity           = 1
    dynamic "region" {
      for_each = each.value
      content {
        region                      = region.key
        networking_deployment_cidr  = region.value
        write_operations_per_second = 1000
        read_operations_per_second  = 1000
      }
    }
  }
}

resource "rediscloud_active_active_subscription_peering" "aws" {
  subscription_id    = rediscloud_active_active_subscription.of["AWS"].id
  source_region      = "us-east-1"
  destination_region = "eu-west-2"
  aws_account_id     = "210987654321"
  vpc_id             = "vpc-0f9e8d7c6b5a43210"
  vpc_cidr           = "172.20.0.0/16"
}

resource "rediscloud_active_active_subscription_peering" "several" {
  subscription_id    = rediscloud_active_active_subscription.of["AWS"].id
  source_region      = "us-east-2"
  destination_region = "us-east-2"
  aws_account_id     = "210987654321"
  vpc_id             = "vpc-0a1b2c3d"
  vpc_cidrs          = ["172.21.0.0/16", "172.22.0.0/16"]
}

resource "rediscloud_active_active_subscription_peering" "gcp" {
  subscription_id  = rediscloud_active_active_subscription.of["GCP"].id
  provider_name    = "GCP"
  source_region    = "europe-west1"
  gcp_project_id   = "cloud-api-123456"
  gcp_network_name = "shop"
}

resource "rediscloud_active_active_transit_gateway_attachment" "hub" {
  count           = var.transit_gateway == 0 ? 0 : 1
  subscription_id = rediscloud_active_active_subscription.of["AWS"].id
  region_id       = var.region_id
  tgw_id          = var.transit_gateway
}

data "rediscloud_active_active_transit_gateway" "hub" {
  count           = var.transit_gateway == 0 ? 0 : 1
  subscription_id = rediscloud_active_active_subscription.of["AWS"].id
  region_id       = var.region_id
  tgw_id          = var.transit_gateway
}

output "subscriptions" {
  value = { for provider, subscription in rediscloud_active_active_subscription.of : provider => subscription.id }
}

output "peerings" {
  value = {
    aws     = rediscloud_active_active_subscription_peering.aws.id
    several = rediscloud_active_active_subscription_peering.several.id
    gcp     = rediscloud_active_active_subscription_peering.gcp.id
  }
}

output "aws_peering_id" {
  value = rediscloud_active_active_subscription_peering.several.aws_peering_id
}

output "gcp_peering_id" {
  value = rediscloud_active_active_subscription_peering.gcp.gcp_peering_id
}

output "gateway" {
  value = one(data.rediscloud_active_active_transit_gateway.hub[*].aws_tgw_uid)
}

output "cidrs" {
  value = flatten(rediscloud_active_active_transit_gateway_attachment.hub[*].cidrs)
}
