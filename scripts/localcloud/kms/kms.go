// Package kms stands in for AWS KMS as far as envelope encryption needs it: GenerateDataKey and Decrypt, with the encryption context
// bound to the ciphertext, and RotateKeyOnDemand, after which older material goes on opening what it sealed. The key material lies in a file that only its owner may read; it protects nothing but local data.
package kms

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"lumo/scripts/localcloud/awslocal"
)

const keySize = 32

// Server is an http.Handler.
type Server struct {
	mu    sync.Mutex
	file  string
	keys  map[string][]byte // by key id, and further material as id#1, id#2 and so on
	calls atomic.Int64
}

// New reads the key material from file and makes what is missing for the given key ids. Without a file the keys last as long as the
// server.
func New(file string, ids ...string) (*Server, error) {
	s := &Server{file: file, keys: map[string][]byte{}}
	if file != "" {
		b, err := os.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, fmt.Errorf("key material: %w", err)
		default:
			if err := json.Unmarshal(b, &s.keys); err != nil {
				return nil, fmt.Errorf("key material %s: %w", file, err)
			}
		}
	}
	added := false
	for _, id := range ids {
		if s.keys[id] == nil {
			s.keys[id], added = random(keySize), true
		}
	}
	if !added {
		return s, nil
	}
	return s, s.save()
}

// save replaces the file whole, so that a kill in between cannot leave half a key.
func (s *Server) save() error {
	file := s.file
	if file == "" {
		return nil
	}
	b, err := json.Marshal(s.keys)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("key material: %w", err)
	}
	if err := os.WriteFile(file+".next", b, 0o600); err != nil {
		return fmt.Errorf("key material: %w", err)
	}
	return os.Rename(file+".next", file)
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return b
}

// Calls answered so far.
func (s *Server) Calls() int64 { return s.calls.Load() }

// ARN of the key with this id.
func ARN(id string) string {
	return "arn:aws:kms:" + awslocal.Region + ":" + awslocal.Account + ":key/" + id
}

type input struct {
	KeyId             string
	KeySpec           string
	NumberOfBytes     *int
	CiphertextBlob    []byte
	EncryptionContext map[string]string
}

type output struct {
	CiphertextBlob      []byte `json:",omitempty"`
	Plaintext           []byte
	KeyId               string
	EncryptionAlgorithm string `json:",omitempty"`
}

type apiError struct{ kind, message string }

func (e *apiError) Error() string { return e.kind + ": " + e.message }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.calls.Add(1)
	out, err := s.do(r)
	status := http.StatusOK
	var body any = out
	if err != nil {
		var ae *apiError
		if !errors.As(err, &ae) {
			ae = &apiError{"ValidationException", err.Error()}
		}
		status, body = http.StatusBadRequest, map[string]string{"__type": ae.kind, "message": ae.message}
	}
	b, err := json.Marshal(body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	w.WriteHeader(status)
	w.Write(b)
}

func (s *Server) do(r *http.Request) (output, error) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return output{}, err
	}
	var in input
	if err := json.Unmarshal(b, &in); err != nil {
		return output{}, &apiError{"SerializationException", err.Error()}
	}
	switch target := r.Header.Get("X-Amz-Target"); target {
	case "TrentService.GenerateDataKey":
		return s.generate(in)
	case "TrentService.Decrypt":
		return s.decrypt(in)
	case "TrentService.RotateKeyOnDemand":
		return s.rotate(in)
	default:
		return output{}, &apiError{"UnsupportedOperationException", target + " is not served by this stand-in."}
	}
}

// key finds a key's newest material by the key's id or ARN.
func (s *Server) key(id string) (string, []byte, error) {
	id = id[strings.LastIndexByte(id, '/')+1:]
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.newest(id)
	if k := s.keys[name]; k != nil {
		return name, k, nil
	}
	return "", nil, &apiError{"NotFoundException", "Key '" + ARN(id) + "' does not exist"}
}

// newest names a key's newest material.
func (s *Server) newest(id string) string {
	name := id
	for n := 1; s.keys[id+"#"+strconv.Itoa(n)] != nil; n++ {
		name = id + "#" + strconv.Itoa(n)
	}
	return name
}

// rotate adds material to a key.
func (s *Server) rotate(in input) (output, error) {
	name, _, err := s.key(in.KeyId)
	if err != nil {
		return output{}, err
	}
	id, n, _ := strings.Cut(name, "#")
	count, _ := strconv.Atoi(n) // 0 for the first material
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id+"#"+strconv.Itoa(count+1)] = random(keySize)
	return output{KeyId: ARN(id)}, s.save()
}

func (s *Server) generate(in input) (output, error) {
	id, key, err := s.key(in.KeyId)
	if err != nil {
		return output{}, err
	}
	size := keySize
	switch {
	case in.NumberOfBytes != nil && *in.NumberOfBytes >= 1 && *in.NumberOfBytes <= 1024:
		size = *in.NumberOfBytes
	case in.NumberOfBytes != nil || in.KeySpec == "":
		return output{}, &apiError{"ValidationException", "Exactly one of KeySpec and NumberOfBytes (1 to 1024) is required."}
	case in.KeySpec == "AES_128":
		size = 16
	case in.KeySpec != "AES_256":
		return output{}, &apiError{"ValidationException", "KeySpec must be AES_128 or AES_256."}
	}
	plain := random(size)
	blob, err := seal(id, key, plain, in.EncryptionContext)
	id, _, _ = strings.Cut(id, "#")
	return output{CiphertextBlob: blob, Plaintext: plain, KeyId: ARN(id)}, err
}

func (s *Server) decrypt(in input) (output, error) {
	invalid := &apiError{"InvalidCiphertextException", ""}
	if len(in.CiphertextBlob) < 1 || len(in.CiphertextBlob) < 1+int(in.CiphertextBlob[0]) {
		return output{}, invalid
	}
	n := int(in.CiphertextBlob[0])
	name := string(in.CiphertextBlob[1 : 1+n])
	id, _, _ := strings.Cut(name, "#")
	s.mu.Lock()
	key := s.keys[name]
	s.mu.Unlock()
	if key == nil {
		return output{}, invalid
	}
	if in.KeyId != "" && !strings.HasSuffix(ARN(id), "/"+in.KeyId[strings.LastIndexByte(in.KeyId, '/')+1:]) {
		return output{}, &apiError{"IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."}
	}
	gcm, err := newGCM(key)
	if err != nil {
		return output{}, err
	}
	rest := in.CiphertextBlob[1+n:]
	if len(rest) < gcm.NonceSize() {
		return output{}, invalid
	}
	bound, err := binding(in.EncryptionContext)
	if err != nil {
		return output{}, err
	}
	plain, err := gcm.Open(nil, rest[:gcm.NonceSize()], rest[gcm.NonceSize():], bound)
	if err != nil {
		return output{}, invalid
	}
	return output{Plaintext: plain, KeyId: ARN(id), EncryptionAlgorithm: "SYMMETRIC_DEFAULT"}, nil
}

// seal writes the length of the material's name, the name, the nonce and the sealed text.
func seal(id string, key, plain []byte, context map[string]string) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	bound, err := binding(context)
	if err != nil {
		return nil, err
	}
	nonce := random(gcm.NonceSize())
	blob := append([]byte{byte(len(id))}, id...)
	return gcm.Seal(append(blob, nonce...), nonce, plain, bound), nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// binding spells an encryption context the same way whatever the order of its pairs; encoding/json sorts them.
func binding(context map[string]string) ([]byte, error) {
	if len(context) == 0 {
		return []byte("{}"), nil
	}
	return json.Marshal(context)
}
