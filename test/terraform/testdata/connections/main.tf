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

variable "cidrs" {
  default = null
}

# Without it where peerings are imported: this version of the provider would replace one on GCP, for it never reads the
# CIDRs of one and then takes them for unknown.
variable "google" {
  default = true
}

data "rediscloud_payment_method" "card" {
  card_type         = "Visa"
  last_four_numbers = "5556"
}

locals {
  networks = {
    AWS = { region = "eu-west-1", cidr = "10.31.0.0/24" }
    GCP = { region = "europe-west1", cidr = "10.32.0.0/24" }
  }
}

resource "rediscloud_subscription" "of" {
  for_each          = local.networks
  name              = "connected-${each.key}"
  payment_method_id = data.rediscloud_payment_method.card.id

  cloud_provider {
    provider = each.key
    region {
      region                     = each.value.region
      networking_deployment_cidr = each.value.cidr
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

resource "rediscloud_subscription_peering" "aws" {
  subscription_id = rediscloud_subscription.of["AWS"].id
  region          = "eu-west-2"
  aws_account_id  = "210987654321"
  vpc_id          = "vpc-0f9e8d7c6b5a43210"
  vpc_cidr        = "172.20.0.0/16"
}

resource "rediscloud_subscription_peering" "several" {
  subscription_id = rediscloud_subscription.of["AWS"].id
  region          = "eu-west-2"
  aws_account_id  = "210987654321"
  vpc_id          = "vpc-0a1b2c3d"
  vpc_cidrs       = ["172.21.0.0/16", "172.22.0.0/16"]
}

resource "rediscloud_subscription_peering" "gcp" {
  count            = var.google ? 1 : 0
  subscription_id  = rediscloud_subscription.of["GCP"].id
  provider_name    = "GCP"
  gcp_project_id   = "cloud-api-123456"
  gcp_network_name = "shop"
}

resource "rediscloud_transit_gateway_attachment" "hub" {
  count           = var.transit_gateway == 0 ? 0 : 1
  subscription_id = rediscloud_subscription.of["AWS"].id
  tgw_id          = var.transit_gateway
  cidrs           = var.cidrs
}

data "rediscloud_subscription_peerings" "aws" {
  subscription_id = rediscloud_subscription.of["AWS"].id
  depends_on      = [rediscloud_subscription_peering.aws, rediscloud_subscription_peering.several]
}

data "rediscloud_transit_gateway" "hub" {
  count           = var.transit_gateway == 0 ? 0 : 1
  subscription_id = rediscloud_subscription.of["AWS"].id
  tgw_id          = var.transit_gateway
}

output "subscriptions" {
  value = { for provider, subscription in rediscloud_subscription.of : provider => subscription.id }
}

output "peerings" {
  value = {
    aws     = rediscloud_subscription_peering.aws.id
    several = rediscloud_subscription_peering.several.id
  }
}

output "aws_peering_id" {
  value = rediscloud_subscription_peering.aws.aws_peering_id
}

output "gcp_peering_id" {
  value = one(rediscloud_subscription_peering.gcp[*].gcp_peering_id)
}

output "listed" {
  value = length(data.rediscloud_subscription_peerings.aws.peerings)
}

output "gateway" {
  value = one(data.rediscloud_transit_gateway.hub[*].aws_tgw_uid)
}

output "cidrs" {
  value = flatten(rediscloud_transit_gateway_attachment.hub[*].cidrs)
}
