// Command kstatus reads a JSON array of objects and writes what kstatus says of each, in their order: the library by
// which Flux, Helm 4 and cli-utils judge whether an object has come to rest.
package main

import (
	"encoding/json"
	"log"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

type verdict struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func main() {
	var objects []json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&objects); err != nil {
		log.Fatal(err)
	}
	verdicts := make([]verdict, 0, len(objects))
	for _, object := range objects {
		// Its own way of reading JSON keeps whole numbers whole.
		parsed := &unstructured.Unstructured{}
		if err := parsed.UnmarshalJSON(object); err != nil {
			log.Fatal(err)
		}
		result, err := status.Compute(parsed)
		if err != nil {
			log.Fatal(err)
		}
		verdicts = append(verdicts, verdict{string(result.Status), result.Message})
	}
	if err := json.NewEncoder(os.Stdout).Encode(verdicts); err != nil {
		log.Fatal(err)
	}
}
