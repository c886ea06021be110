package rds_test

import (
	"context"
	"fmt"
	"log"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/invoker/retry"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"

	"github.com/understudy-dev/understudy"
)

// A program that uses Huawei's SDK loses the answer to a creation: the DB instance is made, and the connection reset.
// It asks again under the same token, and there is one.
func Example() {
	ctx := context.Background()
	sandbox, err := understudy.Start(ctx, understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()
	credentials, err := basic.NewCredentialsBuilder().WithProjectId(sandbox.Keys.APIKey).
		WithAk(sandbox.Keys.APIKey).WithSk(sandbox.Keys.SecretKey).SafeBuild()
	if err != nil {
		log.Panic(err)
	}
	http, err := sdk.RdsClientBuilder().WithEndpoint(sandbox.Endpoint).WithCredential(credentials).
		WithHttpConfig(config.DefaultHttpConfig().WithUserAgent("example")).SafeBuild()
	if err != nil {
		log.Panic(err)
	}
	client := sdk.NewRdsClient(http)

	rule := `{match: {operation: createInstance}, when: {first: 1}, effect: {do: reset, at: before, done: true}}`
	if _, err := sandbox.Faults().ArmRule(ctx, rule); err != nil {
		log.Panic(err)
	}
	_, err = client.CreateInstanceInvoker(&model.CreateInstanceRequest{
		XClientToken: new("46436810-d999-454c-bd85-e515fd258600"),
		Body: &model.InstanceRequest{
			Name: "orders", Datastore: &model.Datastore{Type: model.GetDatastoreTypeEnum().MY_SQL, Version: "8.0"},
			FlavorRef: "rds.mysql.n1.large.2",
			Volume:    &model.Volume{Type: model.GetVolumeTypeEnum().CLOUDSSD, Size: 40},
			Region:    "cn-north-4", AvailabilityZone: "cn-north-4a", VpcId: "vpc", SubnetId: "subnet", SecurityGroupId: "group",
		},
	}).WithRetry(1, func(_ any, err error) bool {
		fmt.Println("answered:", err == nil)
		return err != nil
	}, retry.None{}).Invoke()
	if err != nil {
		log.Panic(err)
	}
	if err := sandbox.WaitIdle(ctx); err != nil {
		log.Panic(err)
	}
	list, err := client.ListInstances(&model.ListInstancesRequest{})
	if err != nil {
		log.Panic(err)
	}
	for _, instance := range *list.Instances {
		fmt.Println(instance.Name, instance.Status)
	}
	// Output:
	// answered: false
	// orders ACTIVE
}
