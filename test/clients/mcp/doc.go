// Package mcp drives a started `understudy serve` with Redis' MCP server for Redis Cloud, unmodified, as npm has it. It
// consists of tests:
//
//	make setup # installs node, if it is missing, and the packages of testdata/npm
//	go test ./test/clients/mcp
package mcp
