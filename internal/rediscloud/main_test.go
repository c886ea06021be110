package rediscloud_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestMain(m *testing.M) { apitest.Main(m, "testdata/operations.txt") }
