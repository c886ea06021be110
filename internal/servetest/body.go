package servetest

// Card is the id of the card that the account has on file.
const Card = 24681

// SubscriptionBody is the body that creates a Pro subscription with one database.
func SubscriptionBody(name string) map[string]any {
	return map[string]any{
		"name":            name,
		"paymentMethodId": Card,
		"cloudProviders": []any{map[string]any{
			"provider": "AWS",
			"regions": []any{map[string]any{
				"region":     "us-east-1",
				"networking": map[string]any{"deploymentCIDR": "10.0.0.0/24"},
			}},
		}},
		"databases": []any{map[string]any{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}},
	}
}

// InstanceBody is the body that creates a single DB instance of RDS, whose name begins with db-.
func InstanceBody(name string) map[string]any {
	return map[string]any{
		"name":              "db-" + name,
		"datastore":         map[string]any{"type": "MySQL", "version": "8.0"},
		"flavor_ref":        "rds.mysql.n1.large.2",
		"volume":            map[string]any{"type": "ULTRAHIGH", "size": 100},
		"region":            "eu-de",
		"availability_zone": "eu-de-01",
		"vpc_id":            "49c6c0a9-8f3a-4d1a-9c2b-8f6c1f2a7b10",
		"subnet_id":         "5b2a1f06-7d64-4e0c-9b6e-2f8c3d4e5a11",
		"security_group_id": "7e9d2c14-1a5b-4f3d-8e7a-6c5b4a3f2e12",
		"password":          "Secret-4711",
	}
}
