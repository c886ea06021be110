package store

// FirstSchema is the schema of the first snapshots.
const FirstSchema = firstSchema

// UpgradesTo reports whether it was thought of how snapshots come to a schema.
func UpgradesTo(schema int) bool {
	_, ok := upgrades[schema]
	return ok
}

// StateTables returns the tables of an account's state, and the others that have something of an account.
func StateTables() (state []string, other map[string]string) {
	for _, t := range stateTables {
		state = append(state, t.name)
	}
	return state, otherTables
}
