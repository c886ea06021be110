// Package upgrade starts today's server on data directories of earlier commits, and holds what it answers against what
// the server that wrote them answered.
//
// A directory of testdata has the name of the commit that wrote it, and in it
//
//	database.sql.gz   what was in Postgres, as pg_dump writes it
//	credentials.json  the keys of the demo account, as in every data directory
//	keys.json         the keys file that the server was started with
//	answers.jsonl.gz  requests, and how the old server went on answering them
//
// Postgres' own files are not kept: they are 25 MB, and those of one major version only. The test makes a data
// directory of any version of them: the private Postgres initialises its cluster there and reads the dump, which has
// every table, sequence, function and row as it was, and is stopped. The difference is in Postgres' files, whose
// compatibility is Postgres' business.
//
// The clocks of all accounts stand still, at the moment of the dump. So the first answers are those of before, to the
// byte, tasks and resources are found in the middle of their lives, and no idempotency key expires, however old the
// directory is. Then time goes on for both servers in the same steps.
//
// A new directory is written at the commit that it is to be of, before what is stored changes:
//
//	go test ./test/upgrade -write $(git rev-parse --short HEAD)
//
// A server lives through a story (story_test.go), which is HTTP but for clocks and faults, and is killed in the
// middle. Another one opens what it left, and has the conversation that is kept (conversation_test.go). pg_dump must be
// in PATH, or where Debian has it. The first directory is of cb2b5a6, to which this package was copied for that.
package upgrade
