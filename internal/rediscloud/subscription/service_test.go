package subscription

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/rediscloud/account"
)

func newService(tb testing.TB) *service {
	tb.Helper()
	assets, err := account.NewAssets(account.Setup{})
	if err != nil {
		tb.Fatal(err)
	}
	return &service{Config{Assets: assets}}
}
