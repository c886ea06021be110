package account

import (
	"time"
)

// SharedGateway is a transit gateway of AWS whose owner shares it: every place of the account on AWS is invited to it.
// Nothing in the API shares one.
type SharedGateway struct {
	ID         int64     `json:"id"` // of the invitation
	Name       string    `json:"name"`
	ShareUID   string    `json:"resourceShareUid"`
	Account    string    `json:"awsAccountId"`
	GatewayUID string    `json:"awsTgwUid"`
	SharedDate time.Time `json:"sharedDate"`
}
