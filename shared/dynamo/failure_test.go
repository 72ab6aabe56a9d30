package dynamo_test

import (
	"testing"

	"lumo/shared/dynamo"
	"lumo/shared/failure"
	"lumo/shared/internal/dynamotest"
)

func TestAnItemThatFailedAgainIsNotClosed(t *testing.T) {
	t.Parallel()
	db := dynamotest.Start(t)
	s := dynamo.Failures{Table: dynamo.New(db.Client, db.Name)}
	read := failure.Item{Kind: failure.Read, Subject: "11", Code: "A", FirstAt: 100, LastAt: 100}
	again := failure.Item{Kind: failure.Read, Subject: "11", Code: "A", FirstAt: 200, LastAt: 200}
	for _, it := range []failure.Item{read, again} {
		if err := s.Put(t.Context(), 7, it); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(t.Context(), 7, read); err != nil {
		t.Fatal(err)
	}
	got, ok, err := s.Get(t.Context(), 7, read.ID())
	if err != nil || !ok || got.LastAt != 200 || got.FirstAt != 100 {
		t.Fatalf("%+v %v %v", got, ok, err)
	}
	for range 2 { // closing nothing is no error
		if err := s.Close(t.Context(), 7, got); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, err := s.Get(t.Context(), 7, read.ID()); ok || err != nil {
		t.Fatalf("still there: %v", err)
	}
}
