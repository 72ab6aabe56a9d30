package operate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"lumo/shared/id"
	"lumo/shared/seal"
)

// Settle is how long functions may go on sealing under a data key that they hold in memory (5 minutes), and a little more.
const Settle = 6 * time.Minute

// pause between two looks at the table.
const pause = 5 * time.Second

// Rotated sums up RotateKey.
type Rotated struct {
	Texts      int `json:"texts"`
	Keys       int `json:"keys"`       // data keys they were under at the beginning
	Resealed   int `json:"resealed"`   // may be more than texts: some were written again meanwhile
	Unreadable int `json:"unreadable"` // look like sealed texts and open for nobody; left as they are
	Left       int `json:"left"`       // under old keys at the last look
}

// RotateKey seals every secret of the table again under new data keys, which KMS wraps with its newest material. The stage goes on working: a text
// is replaced only if it is still the one that was opened, and old data keys can still be opened. A function that had read the old text may write
// it back; so it looks again until nothing is left and settle is over. Without do it only counts.
func (s *Stage) RotateKey(ctx context.Context, do bool, settle time.Duration) error {
	found, err := s.sealed(ctx, nil)
	if err != nil {
		return err
	}
	old := map[string]bool{}
	for _, t := range found {
		old[t.key] = true
	}
	out := Rotated{Texts: len(found), Keys: len(old), Left: len(found)}
	if !do {
		return s.print(out)
	}
	// Two of them: one that opens keeps old keys at hand and would seal with them.
	from, to := seal.New(s.App.Keys(), s.App.Clock), seal.New(s.App.Keys(), s.App.Clock)
	refused := map[string]bool{}
	for end := s.App.Clock.Now().Add(settle); ; {
		for _, t := range found {
			switch ok, err := s.reseal(ctx, t, from, to); {
			case errors.Is(err, seal.ErrRefused):
				refused[t.text] = true
			case err != nil:
				return err
			case ok:
				out.Resealed++
			}
		}
		if found, err = s.sealed(ctx, func(t sealedText) bool { return old[t.key] && !refused[t.text] }); err != nil {
			return err
		}
		if len(found) == 0 && !s.App.Clock.Now().Before(end) {
			break
		}
		if err := s.App.Clock.Sleep(ctx, min(pause, max(settle, time.Second))); err != nil {
			return err
		}
	}
	out.Left, out.Unreadable = len(found), len(refused)
	return s.print(out)
}

// sealedText is a secret in the table and where it lies.
type sealedText struct {
	portal    id.PortalID // 0 is the app itself
	pk, sk    types.AttributeValue
	path      string // an expression: #p0.#p1[2]
	names     map[string]string
	text, key string
}

// sealed finds the secrets that satisfy keep; nil keeps all.
func (s *Stage) sealed(ctx context.Context, keep func(sealedText) bool) ([]sealedText, error) {
	var out []sealedText
	pages := dynamodb.NewScanPaginator(s.table, &dynamodb.ScanInput{TableName: s.tableName(), ConsistentRead: aws.Bool(true)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, it := range page.Items {
			pk, ok := it["pk"].(*types.AttributeValueMemberS)
			if !ok {
				continue
			}
			in := sealedText{portal: portalOf(pk.Value), pk: it["pk"], sk: it["sk"]}
			walk(in, &types.AttributeValueMemberM{Value: it}, func(t sealedText) {
				if keep == nil || keep(t) {
					out = append(out, t)
				}
			})
		}
	}
	return out, nil
}

func portalOf(pk string) id.PortalID {
	rest, ok := strings.CutPrefix(pk, "P#")
	if !ok {
		return 0
	}
	number, _, _ := strings.Cut(rest, "#")
	n, _ := strconv.ParseInt(number, 10, 64) // keys are ours
	return id.PortalID(n)
}

// walk visits the sealed texts of an attribute.
func walk(at sealedText, v types.AttributeValue, visit func(sealedText)) {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		if key, ok := seal.KeyOf(v.Value); ok {
			at.text, at.key = v.Value, key
			visit(at)
		}
	case *types.AttributeValueMemberM:
		for name, member := range v.Value {
			below := at
			alias := "#p" + strconv.Itoa(len(at.names))
			below.names = map[string]string{alias: name}
			for k, n := range at.names {
				below.names[k] = n
			}
			below.path = strings.TrimPrefix(at.path+"."+alias, ".")
			walk(below, member, visit)
		}
	case *types.AttributeValueMemberL:
		for i, member := range v.Value {
			below := at
			below.path = fmt.Sprintf("%s[%d]", at.path, i)
			walk(below, member, visit)
		}
	}
}

// reseal replaces one text; false when somebody else has changed it meanwhile.
func (s *Stage) reseal(ctx context.Context, t sealedText, from, to seal.Sealer) (bool, error) {
	plain, err := from.Open(ctx, t.portal, t.text)
	if err != nil {
		return false, err
	}
	text, err := to.Seal(ctx, t.portal, plain)
	if err != nil {
		return false, err
	}
	_, err = s.table.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: s.tableName(), Key: item{"pk": t.pk, "sk": t.sk},
		UpdateExpression: aws.String("SET " + t.path + " = :new"), ConditionExpression: aws.String(t.path + " = :old"), ExpressionAttributeNames: t.names,
		ExpressionAttributeValues: item{":new": &types.AttributeValueMemberS{Value: text}, ":old": &types.AttributeValueMemberS{Value: t.text}},
	})
	var changed *types.ConditionalCheckFailedException
	if errors.As(err, &changed) {
		return false, nil
	}
	return err == nil, err
}
