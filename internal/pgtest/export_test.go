package pgtest

var Answering = answering
