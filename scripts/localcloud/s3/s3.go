// Package s3 stands in for Amazon S3 with the gofakes3 library over one file, whose writes are transactions: killing the process
// leaves whole objects only.
package s3

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3bolt"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.etcd.io/bbolt"
)

// Server is an http.Handler.
type Server struct {
	http.Handler
	db *bbolt.DB // nil in memory
}

// New opens the file and makes the buckets that are missing. An empty file name keeps objects in memory.
func New(file string, buckets ...string) (*Server, error) {
	s := &Server{}
	var backend gofakes3.Backend = s3mem.New()
	if file != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return nil, fmt.Errorf("objects: %w", err)
		}
		db, err := bbolt.Open(file, 0o600, &bbolt.Options{Timeout: 5 * time.Second})
		if err != nil {
			return nil, fmt.Errorf("objects %s: %w", file, err)
		}
		s.db, backend = db, s3bolt.New(db)
	}
	for _, name := range buckets {
		exists, err := backend.BucketExists(name)
		if err == nil && !exists {
			err = backend.CreateBucket(name)
		}
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("bucket %s: %w", name, err)
		}
	}
	s.Handler = gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	return s, nil
}

// Close closes the file.
func (s *Server) Close() error {
	if s.db == nil {
		return nil
	}
	return s.db.Close()
}
