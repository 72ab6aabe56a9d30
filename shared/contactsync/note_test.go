package contactsync_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lumo/shared/contactsync"
)

// HubSpot tells each association change from both ends, with or without the object's type.
func TestAssociationEventsNameTheContact(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"from the contact":                  `"subscriptionType":"object.associationChange","associationType":"CONTACT_TO_COMPANY","fromObjectId":5,"toObjectId":9`,
		"from the company":                  `"subscriptionType":"object.associationChange","associationType":"COMPANY_TO_CONTACT","fromObjectId":9,"toObjectId":5`,
		"with the types of both ends":       `"subscriptionType":"object.associationChange","fromObjectTypeId":"0-2","fromObjectId":9,"toObjectTypeId":"0-1","toObjectId":5`,
		"with the type of the object":       `"subscriptionType":"object.associationChange","objectTypeId":"0-1","fromObjectId":5,"toObjectId":9`,
		"by the old name of a contact":      `"subscriptionType":"contact.associationChange","fromObjectId":5,"toObjectId":9`,
		"by the old name of a company":      `"subscriptionType":"company.associationChange","fromObjectId":9,"toObjectId":5`,
		"by the old name, told by the type": `"subscriptionType":"contact.associationChange","associationType":"COMPANY_TO_CONTACT","fromObjectId":9,"toObjectId":5`,
	}
	for name, event := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, skipped, err := contactsync.ParseWebhook(fmt.Appendf(nil, `[{"portalId":7,"appId":1,"occurredAt":3,%s}]`, event), 1)
			if err != nil || len(skipped) > 0 {
				t.Fatal(skipped, err)
			}
			if d := cmp.Diff([]contactsync.Note{{Kind: contactsync.Associated, Contact: 5, At: 3}}, got[7]); d != "" {
				t.Error(d)
			}
		})
	}
}
