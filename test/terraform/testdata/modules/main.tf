terraform {
  required_providers {
    rediscloud = {
      source = "RedisLabs/rediscloud"
    }
  }
}

data "rediscloud_payment_method" "card" {
  card_type = "Visa"
}

resource "rediscloud_subscription" "search" {
  name              = "search"
  payment_method_id = data.rediscloud_payment_method.card.id
  redis_version     = "7.4" # with 8 the modules are part of Redis and may not be asked for

  cloud_provider {
    provider = "GCP"
    region {
      region                      = "europe-west1"
      multiple_availability_zones = false
      networking_deployment_cidr  = "10.22.0.0/24"
    }
  }

  creation_plan {
    memory_limit_in_gb           = 4
    quantity                     = 2
    replication                  = false
    support_oss_cluster_api      = false
    throughput_measurement_by    = "operations-per-second"
    throughput_measurement_value = 1000
    modules                      = ["RediSearch", "RedisJSON"]
  }

  maintenance_windows {
    mode = "manual"
    window {
      start_hour        = 22
      duration_in_hours = 8
      days              = ["Monday", "Thursday"]
    }
    window {
      start_hour        = 2
      duration_in_hours = 4
      days              = ["Saturday"]
    }
  }
}

resource "rediscloud_subscription_database" "catalogue" {
  subscription_id              = rediscloud_subscription.search.id
  name                         = "catalogue"
  memory_limit_in_gb           = 4
  data_persistence             = "snapshot-every-6-hours"
  throughput_measurement_by    = "operations-per-second"
  throughput_measurement_value = 2000
  replication                  = false
  port                         = 12222
  modules                      = [{ name = "RediSearch" }, { name = "RedisJSON" }]
  hashing_policy               = [".*\\{(?<tag>.*)\\}.*", "user-(?<tag>.*)"] # not with the OSS Cluster API

  remote_backup {
    interval     = "every-12-hours"
    time_utc     = "02:00"
    storage_type = "google-blob-storage"
    storage_path = "gs://backups/catalogue"
  }
}

# No password and the default source addresses: the cloud makes them up.
resource "rediscloud_subscription_database" "sessions" {
  subscription_id                       = rediscloud_subscription.search.id
  name                                  = "sessions"
  dataset_size_in_gb                    = 1
  support_oss_cluster_api               = true
  external_endpoint_for_oss_cluster_api = true
  resp_version                          = "resp2"
  throughput_measurement_by             = "operations-per-second"
  throughput_measurement_value          = 1000
  enable_tls                            = true
}

output "subscription_id" {
  value = rediscloud_subscription.search.id
}

output "sessions_id" {
  value = rediscloud_subscription_database.sessions.id # of both
}
