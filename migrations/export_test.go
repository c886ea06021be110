package migrations

import "context"

// UpWith is Up with other files than ours.
var UpWith = up

// UpByGoose is Up by goose alone.
func UpByGoose(ctx context.Context, url string) error {
	return withProvider(ctx, url, files, func(m *migrator) error {
		_, err := m.provider.Up(ctx)
		return err
	})
}
