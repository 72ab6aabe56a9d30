package hubspotsandbox

import (
	"regexp"
	"slices"
)

// property is a property definition.
type property struct {
	Name, Label, Type, FieldType, Group, Description string
	Options                                          []Option
	Unique, Hidden, FormField                        bool
	Order                                            int
	HubSpot, ReadOnly, Calculated                    bool // defined by HubSpot; value not writable; computed
	Sensitivity                                      string
	CreatedAt, UpdatedAt, ArchivedAt                 int64
	CreatedBy, UpdatedBy                             string

	idx uint16
}

// Option is one choice of an enumeration.
type Option struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Description string `json:"description,omitempty"`
	Order       int    `json:"displayOrder"`
	Hidden      bool   `json:"hidden"`
}

// group is a property group.
type group struct {
	Name, Label string
	Order       int
	Archived    bool
}

func (p *property) multi() bool { return p.Type == "enumeration" && p.FieldType == "checkbox" }

// addProperty gives the definition its permanent place.
func (o *objects) addProperty(p *property) {
	p.idx = uint16(len(o.Props))
	o.Props = append(o.Props, p)
	o.byName[p.Name] = p.idx
	if p.Unique {
		o.unique[p.idx] = map[string]int64{}
	}
}

func (o *objects) group(name string) *group {
	for _, g := range o.Groups {
		if g.Name == name && !g.Archived {
			return g
		}
	}
	return nil
}

// uniqueCount counts the customer's unique properties; HubSpot allows ten per object.
func (o *objects) uniqueCount() int {
	n := 0
	for _, p := range o.Props {
		if p.Unique && !p.HubSpot && p.ArchivedAt == 0 {
			n++
		}
	}
	return n
}

const maxUnique = 10

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]{0,99}$`)

// fieldTypes are the pairs that HubSpot accepts.
var fieldTypes = map[string][]string{
	"string":       {"text", "textarea", "html", "phonenumber", "file", "calculation_equation"},
	"number":       {"number", "calculation_equation"},
	"bool":         {"booleancheckbox", "calculation_equation"},
	"enumeration":  {"select", "radio", "checkbox", "booleancheckbox", "calculation_equation"},
	"date":         {"date"},
	"datetime":     {"date"},
	"phone_number": {"phonenumber"},
}

func pairAllowed(typ, field string) bool { return slices.Contains(fieldTypes[typ], field) }

func defaultGroups(k *kind) []group {
	if k == contactKind {
		return []group{{Name: "contactinformation", Label: "Contact information"}, {Name: "emailinformation", Label: "Email information", Order: 1},
			{Name: "contactlcs", Label: "Contact lifecycle", Order: 2}}
	}
	return []group{{Name: "companyinformation", Label: "Company information"}, {Name: "companylcs", Label: "Company lifecycle", Order: 1}}
}

// maker writes HubSpot's own definitions in one line each.
type maker struct {
	group string
	out   []property
}

func (m *maker) add(name, label, typ, field string, change ...func(*property)) {
	p := property{Name: name, Label: label, Type: typ, FieldType: field, Group: m.group, HubSpot: true, FormField: true, Order: -1}
	for _, f := range change {
		f(&p)
	}
	m.out = append(m.out, p)
}

func readOnly(p *property)   { p.ReadOnly, p.FormField = true, false }
func calculated(p *property) { p.ReadOnly, p.Calculated, p.FormField = true, true, false }
func unique(p *property)     { p.Unique = true }
func hidden(p *property)     { p.Hidden = true }

func options(pairs ...string) func(*property) {
	return func(p *property) {
		for i := 0; i+1 < len(pairs); i += 2 {
			p.Options = append(p.Options, Option{Value: pairs[i], Label: pairs[i+1], Order: i / 2})
		}
	}
}

// stages in their order: lifecyclestage only moves forward unless it is cleared first.
var stages = []string{"subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist", "other"}

var stageOptions = options("subscriber", "Subscriber", "lead", "Lead", "marketingqualifiedlead", "Marketing Qualified Lead", "salesqualifiedlead",
	"Sales Qualified Lead", "opportunity", "Opportunity", "customer", "Customer", "evangelist", "Evangelist", "other", "Other")

func defaultProperties(k *kind) []property {
	if k == contactKind {
		return contactProperties()
	}
	return companyProperties()
}

func contactProperties() []property {
	m := &maker{group: "contactinformation"}
	m.add("email", "Email", "string", "text", unique)
	m.add("firstname", "First Name", "string", "text")
	m.add("lastname", "Last Name", "string", "text")
	m.add("phone", "Phone Number", "string", "phonenumber")
	m.add("mobilephone", "Mobile Phone Number", "string", "phonenumber")
	m.add("company", "Company Name", "string", "text")
	m.add("jobtitle", "Job Title", "string", "text")
	m.add("salutation", "Salutation", "string", "text")
	m.add("website", "Website URL", "string", "text")
	m.add("address", "Street Address", "string", "text")
	m.add("city", "City", "string", "text")
	m.add("state", "State/Region", "string", "text")
	m.add("zip", "Postal Code", "string", "text")
	m.add("country", "Country/Region", "string", "text")
	m.add("fax", "Fax Number", "string", "phonenumber")
	m.add("message", "Message", "string", "textarea")
	m.add("date_of_birth", "Date of birth", "string", "text")
	m.add("annualrevenue", "Annual Revenue", "string", "text")
	m.add("numemployees", "Number of Employees", "enumeration", "select", options("1-5", "1-5", "5-25", "5-25", "25-50", "25-50", "50-100", "50-100"))
	m.add("hs_language", "Preferred language", "enumeration", "select", options("en", "English", "ja", "Japanese", "zh", "Chinese", "ko", "Korean"))
	m.add("hs_buying_role", "Buying Role", "enumeration", "checkbox", options("BLOCKER", "Blocker", "BUDGET_HOLDER", "Budget Holder", "CHAMPION", "Champion", "DECISION_MAKER", "Decision Maker"))
	m.add("hs_content_membership_notes", "Membership Notes", "string", "textarea")
	m.add("closedate", "Close Date", "datetime", "date")
	m.add("hs_first_outreach_date", "First Outreach Date", "datetime", "date", readOnly)
	m.add("hubspot_owner_id", "Contact owner", "enumeration", "select", func(p *property) { p.Description = "The owner of a contact." })
	m.add("associatedcompanyid", "Primary Associated Company ID", "number", "number", readOnly)
	m.add("hs_searchable_calculated_phone_number", "Calculated Phone Number without country code", "phone_number", "phonenumber", calculated, hidden)
	systemProperties(m, contactKind)
	m.group = "emailinformation"
	m.add("hs_additional_emails", "Additional email addresses", "enumeration", "checkbox", readOnly)
	m.add("hs_email_domain", "Email Domain", "string", "text", calculated)
	m.add("hs_email_optout", "Unsubscribed from all email", "bool", "booleancheckbox", readOnly)
	m.group = "contactlcs"
	m.add("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", stageOptions)
	m.add("hs_lead_status", "Lead Status", "enumeration", "radio", options("NEW", "New", "OPEN", "Open", "IN_PROGRESS", "In Progress", "UNQUALIFIED", "Unqualified", "CONNECTED", "Connected"))
	return m.out
}

func companyProperties() []property {
	m := &maker{group: "companyinformation"}
	m.add("name", "Company name", "string", "text")
	m.add("domain", "Company Domain Name", "string", "text")
	m.add("phone", "Phone Number", "string", "phonenumber")
	m.add("website", "Website URL", "string", "text")
	m.add("description", "Description", "string", "textarea")
	m.add("city", "City", "string", "text")
	m.add("state", "State/Region", "string", "text")
	m.add("zip", "Postal Code", "string", "text")
	m.add("country", "Country/Region", "string", "text")
	m.add("industry", "Industry", "enumeration", "select", options("ACCOUNTING", "Accounting", "COMPUTER_SOFTWARE", "Computer Software", "RETAIL", "Retail", "HOSPITALITY", "Hospitality"))
	m.add("numberofemployees", "Number of Employees", "number", "number")
	m.add("annualrevenue", "Annual Revenue", "number", "number")
	m.add("is_public", "Is Public", "bool", "booleancheckbox")
	m.add("hubspot_owner_id", "Company owner", "enumeration", "select")
	systemProperties(m, companyKind)
	m.group = "companylcs"
	m.add("lifecyclestage", "Lifecycle Stage", "enumeration", "radio", stageOptions)
	return m.out
}

func systemProperties(m *maker, k *kind) {
	m.add("createdate", "Create Date", "datetime", "date", readOnly)
	m.add(k.Modified, "Last Modified Date", "datetime", "date", readOnly)
	m.add("hs_object_id", "Record ID", "number", "number", readOnly)
	m.add("hs_merged_object_ids", "Merged record IDs", "enumeration", "checkbox", readOnly)
	m.add("hs_object_source", "Record creation source", "string", "text", readOnly, hidden)
	m.add("hs_object_source_id", "Record creation source ID", "string", "text", readOnly, hidden)
}
