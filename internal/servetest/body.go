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
