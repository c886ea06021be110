package openapi_test

import (
	"os"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/openapi"
)

func TestCodes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := openapi.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	want := openapi.Code{Status: 404, AdditionalInfo: "cloud-account-does-not-exists"}
	if got, ok := document.Code("CLOUD_ACCOUNT_NOT_FOUND"); !ok || got != want {
		t.Errorf("got %+v, %t, want %+v", got, ok, want)
	}
	if _, ok := document.Code("CLOUD_ACCOUNT_NOT_FUOND"); ok || document.InternalError() != "GENERAL_ERROR" {
		t.Errorf("a misspelt code is listed, or the code for our own errors is %q", document.InternalError())
	}
}

func TestCodesRefused(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]string{
		"no status":        `{x-internal-error: A, oneOf: [{enum: [A]}]}`,
		"no such status":   `{x-internal-error: A, oneOf: [{x-status: 999, enum: [A]}]}`,
		"twice":            `{x-internal-error: A, oneOf: [{x-status: 400, enum: [A]}, {x-status: 404, enum: [A]}]}`,
		"info of another":  `{x-internal-error: A, oneOf: [{x-status: 400, enum: [A]}], x-additional-info: {B: b}}`,
		"no internal code": `{oneOf: [{x-status: 400, enum: [A]}]}`,
	} {
		document := "openapi: 3.0.3\ninfo: {title: t, version: '1'}\npaths: {}\ncomponents: {schemas: {ErrorCode: " + list +
			"}}\n"
		if _, err := openapi.Load([]byte(document)); err == nil || !strings.Contains(err.Error(), "ErrorCode") {
			t.Errorf("%s: got %v, want an error about ErrorCode", name, err)
		}
	}
}
