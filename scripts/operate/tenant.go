package operate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"lumo/shared/id"
	"lumo/shared/portal"
)

// Everything of a portal lies under keys that carry it: items under P#<portal># and objects under portal/<portal>/. The directory (D#) holds no
// more of it than its number: as an attribute, or as the sort key of when it is due.

type item = map[string]types.AttributeValue

// items visits every item of a portal, a page at a time. It reads the whole table: an operator does this once in a long while.
func (s *Stage) items(ctx context.Context, p id.PortalID, visit func([]item) error) error {
	number := p.String()
	in := &dynamodb.ScanInput{
		TableName: s.tableName(), ConsistentRead: aws.Bool(true),
		FilterExpression:         aws.String("begins_with(pk, :own) OR (begins_with(pk, :d) AND (#portal = :n OR sk = :p))"),
		ExpressionAttributeNames: map[string]string{"#portal": "portal"},
		ExpressionAttributeValues: item{
			":own": &types.AttributeValueMemberS{Value: "P#" + number + "#"}, ":d": &types.AttributeValueMemberS{Value: "D#"},
			":n": &types.AttributeValueMemberN{Value: number}, ":p": &types.AttributeValueMemberS{Value: number},
		},
	}
	pages := dynamodb.NewScanPaginator(s.table, in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		if err := visit(page.Items); err != nil {
			return err
		}
	}
	return nil
}

// names visits the keys of a portal's objects.
func (s *Stage) names(ctx context.Context, p id.PortalID, visit func(key string) error) error {
	prefix := "portal/" + p.String() + "/"
	pages := awss3.NewListObjectsV2Paginator(s.objects, &awss3.ListObjectsV2Input{Bucket: s.bucket(), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			if err := visit(*o.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// Kept is how much of a portal there is.
type Kept struct {
	Portal  id.PortalID `json:"portal"`
	Items   int         `json:"items"`
	Objects int         `json:"objects"`
}

// Export writes all that is kept of a portal into a new folder: items.jsonl with an object per item, and the objects below objects/. What is sealed
// stays sealed.
func (s *Stage) Export(ctx context.Context, p id.PortalID, folder string) (err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(folder, "items.jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	kept := Kept{Portal: p}
	lines := bufio.NewWriter(f)
	write := json.NewEncoder(lines)
	err = s.items(ctx, p, func(page []item) error {
		for _, it := range page {
			var plain map[string]any
			if err := attributevalue.UnmarshalMap(it, &plain); err != nil {
				return err
			}
			kept.Items++
			if err := write.Encode(plain); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	if err := s.names(ctx, p, func(key string) error { kept.Objects++; return s.download(ctx, key, folder) }); err != nil {
		return err
	}
	return s.print(kept)
}

func (s *Stage) download(ctx context.Context, key, folder string) (err error) {
	to := filepath.Join(folder, "objects", filepath.FromSlash(strings.TrimPrefix(key, "portal/")))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	r, err := s.objects.GetObject(ctx, &awss3.GetObjectInput{Bucket: s.bucket(), Key: &key})
	if err != nil {
		return err
	}
	defer r.Body.Close()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.Copy(f, r.Body)
	return err
}

// Purge deletes all that is kept of a portal: its objects, its items, and what the directory knows of it. A connected portal is refused: its
// next event would begin to fill it again. Without do it only counts.
func (s *Stage) Purge(ctx context.Context, p id.PortalID, do bool) error {
	row, err := s.App.Portals().Get(ctx, p)
	if err != nil && !errors.Is(err, portal.ErrUnknown) {
		return err
	}
	if do && err == nil && row.State != portal.Removed {
		return fmt.Errorf("portal %s is %s: disconnect it first (Settings, or uninstall the app in HubSpot)", p, row.State)
	}
	kept := Kept{Portal: p}
	err = s.names(ctx, p, func(key string) error {
		kept.Objects++
		if !do {
			return nil
		}
		_, err := s.objects.DeleteObject(ctx, &awss3.DeleteObjectInput{Bucket: s.bucket(), Key: &key})
		return err
	})
	if err != nil {
		return err
	}
	err = s.items(ctx, p, func(page []item) error {
		kept.Items += len(page)
		for _, it := range page {
			if !do {
				break
			}
			_, err := s.table.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: s.tableName(), Key: item{"pk": it["pk"], "sk": it["sk"]}})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.print(map[string]any{"portal": p, "items": kept.Items, "objects": kept.Objects, "deleted": do})
}
