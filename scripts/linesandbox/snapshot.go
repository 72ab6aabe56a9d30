package linesandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// saved is the form of the state file.
type saved struct {
	Seed  uint64 `json:"seed"`
	Rand  []byte `json:"rand"`
	State *state `json:"state"`
}

const (
	stateFile  = "line-sandbox.json"
	contentDir = "content"
)

// Save writes the state to dir, replacing the former in one step. Contents lie beside it, one file each, written once. It tells
// whether there was anything new to write since the generation that was passed, and the generation it wrote.
func (s *Server) Save(dir string, since uint64) (generation uint64, err error) {
	s.mu.Lock()
	if s.changes == since {
		s.mu.Unlock()
		return since, nil
	}
	generation = s.changes
	rnd, err := s.src.MarshalBinary()
	var raw []byte
	if err == nil {
		raw, err = json.Marshal(saved{s.cfg.Seed, rnd, s.st})
	}
	contents := map[string][]byte{}
	for id, k := range s.st.Contents {
		if !k.Gone {
			contents[id] = k.data
		}
	}
	s.mu.Unlock()
	if err != nil {
		return since, fmt.Errorf("encode state: %w", err)
	}
	if err := saveContents(filepath.Join(dir, contentDir), contents); err != nil {
		return since, err
	}
	file := filepath.Join(dir, stateFile)
	if err := os.WriteFile(file+".new", raw, 0o600); err != nil {
		return since, fmt.Errorf("write state: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return since, fmt.Errorf("replace state: %w", err)
	}
	return generation, nil
}

func saveContents(dir string, contents map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make content folder: %w", err)
	}
	old, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read content folder: %w", err)
	}
	there := map[string]bool{}
	for _, f := range old {
		there[f.Name()] = true
		if _, wanted := contents[f.Name()]; !wanted && !strings.HasPrefix(f.Name(), ".") {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				return fmt.Errorf("remove content: %w", err)
			}
		}
	}
	for id, data := range contents {
		if !there[id] {
			if err := os.WriteFile(filepath.Join(dir, id), data, 0o600); err != nil {
				return fmt.Errorf("write content: %w", err)
			}
		}
	}
	return nil
}

// Load reads what Save wrote and takes up the deliveries that were waiting. It returns false when there is nothing to read.
func (s *Server) Load(dir string) (bool, error) {
	raw, err := os.ReadFile(filepath.Join(dir, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read state: %w", err)
	}
	in := saved{State: newState()}
	if err := json.Unmarshal(raw, &in); err != nil {
		return false, fmt.Errorf("read state: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	if err := s.src.UnmarshalBinary(in.Rand); err != nil {
		return false, fmt.Errorf("read state: %w", err)
	}
	s.cfg.Seed, s.st = in.Seed, in.State
	s.st.index()
	for id, k := range s.st.Contents {
		if k.Gone {
			continue
		}
		if k.data, err = os.ReadFile(filepath.Join(dir, contentDir, id)); err != nil {
			return false, fmt.Errorf("read content: %w", err)
		}
	}
	for _, c := range s.st.Channels {
		c.Waiting, c.Flying = append(c.Flying, c.Waiting...), nil // nobody knows whether those under way arrived: once more
		s.arm(c)
	}
	return true, nil
}
