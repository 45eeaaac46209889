// VMware's own simulator as a judge of the product's vCenter code: prints its address and the datastore's folder, ends when its input ends.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/url"
	"os"

	"github.com/vmware/govmomi/simulator"
)

func main() {
	cert := flag.String("cert", "", "certificate, PEM")
	key := flag.String("key", "", "private key, PEM")
	user := flag.String("user", "operator@vsphere.local", "the one user that may log in")
	password := flag.String("password", "", "and the password")
	machines := flag.Int("machines", 2, "machines per pool")
	flag.Parse()

	model := simulator.VPX()
	model.Machine = *machines
	if err := model.Create(); err != nil {
		log.Fatal(err)
	}
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	if err != nil {
		log.Fatal(err)
	}
	model.Service.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	model.Service.Listen = &url.URL{Host: "127.0.0.1:0", User: url.UserPassword(*user, *password)}
	server := model.Service.NewServer()
	store := simulator.Map.Any("Datastore").(*simulator.Datastore)
	_ = json.NewEncoder(os.Stdout).Encode(map[string]string{
		"host": server.URL.Hostname(), "port": server.URL.Port(), "datastore": store.Name, "folder": store.Info.GetDatastoreInfo().Url,
	})
	_, _ = io.Copy(io.Discard, os.Stdin)
	server.Close()
	model.Remove()
}
