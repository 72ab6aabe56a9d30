package dynamotest

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"go.yaml.in/yaml/v3"
)

// root is the folder of go.work, found by walking up from where the test runs.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no go.work above the working directory")
		}
		dir = up
	}
}

// binary finds the stand-in: $DYNAMODB_LOCAL_BIN, then the copy that `make setup` brings, then PATH.
func binary() (string, error) {
	if b := os.Getenv("DYNAMODB_LOCAL_BIN"); b != "" {
		return b, nil
	}
	if r, err := root(); err == nil {
		b := filepath.Join(r, "scripts", "node_modules", "@dynoxide", "linux-x64", "dynoxide")
		if _, err := os.Stat(b); err == nil {
			return b, nil
		}
	}
	if b, err := exec.LookPath("dynoxide"); err == nil {
		return b, nil
	}
	return "", errors.New("no DynamoDB stand-in: run `make setup`, or set DYNAMODB_LOCAL_BIN to a dynoxide binary")
}

// serve starts the server of this test binary and returns its URL. A port that somebody takes meanwhile is tried again.
func serve() (string, error) {
	bin, err := binary()
	if err != nil {
		return "", err
	}
	for range 5 {
		var port int
		if port, err = freePort(); err != nil {
			return "", err
		}
		if err = launch(bin, port); err == nil {
			return "http://127.0.0.1:" + strconv.Itoa(port), nil
		}
	}
	return "", err
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// leash kills the server when the pipe on its standard input closes, so that it never outlives the test binary, however that ends.
const leash = `"$@" & p=$!; exec 1>&- 2>&-; read -r _; kill -9 $p`

// launch returns once the server says that it listens, or ended without saying so.
func launch(bin string, port int) error {
	c := exec.Command("/bin/sh", "-c", leash, "sh", bin, "serve", "--host", "127.0.0.1", "--port", strconv.Itoa(port))
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir()}
	hold, err := c.StdinPipe()
	if err != nil {
		return err
	}
	out, err := c.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	last := "no output"
	for lines.Scan() {
		last = lines.Text()
		if strings.Contains(last, "listening on") {
			held = append(held, hold)
			go io.Copy(io.Discard, out)
			return nil
		}
	}
	hold.Close()
	c.Wait()
	return fmt.Errorf("%s did not start: %s", bin, last)
}

// held keeps the write ends of the leashes reachable: a collected pipe is a closed one.
var held []io.Closer

// Definition is the table of template.yaml, without a name.
func Definition() (*dynamodb.CreateTableInput, error) {
	r, err := root()
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(r, "template.yaml"))
	if err != nil {
		return nil, err
	}
	var doc struct {
		Resources struct {
			Table struct {
				Properties map[string]any `yaml:"Properties"`
			} `yaml:"Table"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("template.yaml: %w", err)
	}
	// CloudFormation's property names are the API's.
	j, err := json.Marshal(doc.Resources.Table.Properties)
	if err != nil {
		return nil, err
	}
	in := new(dynamodb.CreateTableInput)
	if err := json.Unmarshal(j, in); err != nil {
		return nil, fmt.Errorf("template.yaml, Table: %w", err)
	}
	if len(in.KeySchema) == 0 {
		return nil, errors.New("template.yaml declares no Table with a key")
	}
	return in, nil
}

func sortItems(all []map[string]types.AttributeValue) {
	slices.SortFunc(all, func(a, b map[string]types.AttributeValue) int { return cmp.Compare(sortKey(a), sortKey(b)) })
}
