package rds

import (
	"slices"
	"strconv"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

func filters(p *project) {
	single, both, elsewhere := order("orders-1"), highlyAvailable(order("orders-2")), order("invoices")
	single.Tags = &[]model.TagWithKeyValue{{Key: "team", Value: "shop"}, {Key: "stage", Value: "test"}}
	both.Tags = &[]model.TagWithKeyValue{{Key: "team", Value: "shop"}}
	elsewhere.VpcId, elsewhere.SubnetId = "8c1ed0ff-9d4b-4a0e-8e9d-0a2c3f4b5d6e", "1f2ccab9-0a3c-4e09-a1b3-11a4d7b7e3f0"
	one, two, three := p.mustCreate("", single), p.mustCreate("", both), p.mustCreate("", elsewhere)
	// At once, whether it is made or not.
	for name, test := range map[string]struct {
		request model.ListInstancesRequest
		want    []created
	}{
		"nothing said":   {model.ListInstancesRequest{}, []created{one, two, three}},
		"id":             {model.ListInstancesRequest{Id: &two.instance}, []created{two}},
		"id of nothing":  {model.ListInstancesRequest{Id: new("0123456789abcdef0123456789abcdefin01")}, nil},
		"part of an id":  {model.ListInstancesRequest{Id: new("*" + three.instance[3:30])}, []created{three}},
		"name":           {model.ListInstancesRequest{Name: new("orders-1")}, []created{one}},
		"part of a name": {model.ListInstancesRequest{Name: new("*orders")}, []created{one, two}},
		"start of a name, which is none": {
			model.ListInstancesRequest{Name: new("orders")}, nil,
		},
		"name in other letters": {model.ListInstancesRequest{Name: new("Orders-1")}, nil},
		"type Single": {
			model.ListInstancesRequest{Type: new(enum[model.ListInstancesRequestType]("Single"))}, []created{one, three},
		},
		"type Ha": {
			model.ListInstancesRequest{Type: new(enum[model.ListInstancesRequestType]("Ha"))}, []created{two},
		},
		"type Replica": {
			model.ListInstancesRequest{Type: new(enum[model.ListInstancesRequestType]("Replica"))}, nil,
		},
		"engine": {
			model.ListInstancesRequest{DatastoreType: new(enum[model.ListInstancesRequestDatastoreType]("MySQL"))},
			[]created{one, two, three},
		},
		"engine of others": {
			model.ListInstancesRequest{DatastoreType: new(enum[model.ListInstancesRequestDatastoreType]("PostgreSQL"))}, nil,
		},
		"VPC":                {model.ListInstancesRequest{VpcId: &elsewhere.VpcId}, []created{three}},
		"subnet":             {model.ListInstancesRequest{SubnetId: &elsewhere.SubnetId}, []created{three}},
		"tag":                {model.ListInstancesRequest{Tags: new("team=shop")}, []created{one, two}},
		"tags":               {model.ListInstancesRequest{Tags: new("team=shop,stage=test")}, []created{one}},
		"tag of any value":   {model.ListInstancesRequest{Tags: new("team=")}, []created{one, two}},
		"tag of other value": {model.ListInstancesRequest{Tags: new("team=ops")}, nil},
		"two of them":        {model.ListInstancesRequest{Name: new("*orders"), Tags: new("stage=test")}, []created{one}},
	} {
		instances, total := p.list(test.request)
		if got := instanceIDs(instances); !slices.Equal(got, wanted(test.want)) || int(total) != len(test.want) {
			p.Errorf("%s: got %d, %v, want %v", name, total, got, test.want)
		}
	}
}

// pages lists more than one page, while the instances are being made.
func pages(p *project) {
	const all = 5
	var made []created
	for i := range all {
		made = append(made, p.mustCreate("", order("orders-"+strconv.Itoa(i))))
	}
	for _, size := range []int32{1, 2, 3, 5, 100} {
		var got []string
		for offset := int32(0); offset < 2*all; offset += size {
			instances, total := p.list(model.ListInstancesRequest{Offset: &offset, Limit: &size})
			if total != all || len(instances) > int(size) {
				p.Errorf("%d from %d: got %d of %d", size, offset, len(instances), total)
			}
			got = append(got, instanceIDs(instances)...)
		}
		if !slices.Equal(got, wanted(made)) {
			p.Errorf("in pages of %d: got %v, want %v", size, got, made)
		}
	}
}

func tasks(p *project) {
	one := p.active(order("orders"))
	p.restart(one.instance)
	two := p.active(order("invoices"))
	p.remove(two.instance)
	list := func(request model.ListTasksRequest) (names []string, got *model.ListTasksResponse) {
		p.Helper()
		got, err := p.client.ListTasks(&request)
		if err != nil {
			p.Fatal(err)
		}
		for _, task := range *got.Tasks {
			names = append(names, *task.Name)
			if *task.Status != "Completed" || *task.Process != "" || *task.CreateTime == "" || *task.EndTime == "" {
				p.Errorf("got %v", task)
			}
		}
		return names, got
	}
	const creation, restart, deletion = "CreateMysqlSingleHAInstance", "RestartMysqlInstance", "DeleteMysqlInstance"
	for name, test := range map[string]struct {
		request model.ListTasksRequest
		want    []string // the newest first
	}{
		"nothing said": {model.ListTasksRequest{}, []string{deletion, creation, restart, creation}},
		"instance":     {model.ListTasksRequest{InstanceId: &one.instance}, []string{restart, creation}},
		"instance that is gone": {
			model.ListTasksRequest{InstanceId: &two.instance}, []string{deletion, creation},
		},
		"id":    {model.ListTasksRequest{Id: &two.job}, []string{creation}},
		"name":  {model.ListTasksRequest{Name: new(restart)}, []string{restart}},
		"order": {model.ListTasksRequest{OrderId: new("CS1811012347")}, nil},
		"status": {
			model.ListTasksRequest{Status: new(enum[model.ListTasksRequestStatus]("Running"))}, nil,
		},
		"page": {model.ListTasksRequest{Offset: new(int32(1)), Limit: new(int32(2))}, []string{creation, restart}},
	} {
		got, answer := list(test.request)
		if !slices.Equal(got, test.want) || name != "page" && int(*answer.TotalCount) != len(test.want) {
			p.Errorf("%s: got %v, want %v", name, answer, test.want)
		}
	}
	if _, got := list(model.ListTasksRequest{}); !slices.Equal(*got.Actions, []string{creation, deletion, restart}) {
		p.Errorf("got the actions %v", *got.Actions)
	}
}

func instanceIDs(instances []model.InstanceResponse) []string {
	ids := []string{}
	for _, one := range instances {
		ids = append(ids, one.Id)
	}
	return ids
}

func wanted(all []created) []string {
	ids := []string{}
	for _, one := range all {
		ids = append(ids, one.instance)
	}
	return ids
}
