package catalog_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
