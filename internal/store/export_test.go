package store

// StateTables returns the tables of an account's state, and the others that have something of an account.
func StateTables() (state []string, other map[string]string) {
	for _, t := range stateTables {
		state = append(state, t.name)
	}
	return state, otherTables
}
