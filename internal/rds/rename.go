package rds

import (
	"context"

	"github.com/understudy-dev/understudy/internal/store"
)

type renameInput struct {
	instanceInput

	Name string `json:"name"`
}

type done struct {
	Response string `json:"resp"`
}

// rename gives a DB instance another name at once. doc: change-instance-name
func rename(ctx context.Context, tx *store.Tx, in renameInput) (done, error) {
	if err := checkName(in.Name); err != nil {
		return done{}, err
	}
	found, err := settled(ctx, tx, in.Instance, look)
	if err != nil {
		return done{}, err
	}
	found.Name, found.Body.Name = in.Name, in.Name
	store.Update(tx, found)
	return done{"successful"}, nil
}
