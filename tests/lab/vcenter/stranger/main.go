// A client that this project did not write (VMware's govmomi) drives the lab's vCenter:
// about, list, VM properties, change tracking, snapshot, changed areas, download, removal. It prints one JSON object.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/vmware/govmomi"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func snapshot(ctx context.Context, vm *object.VirtualMachine, name string) *types.ManagedObjectReference {
	task, err := vm.CreateSnapshot(ctx, name, "by a stranger", false, false)
	check(err)
	info, err := task.WaitForResult(ctx, nil)
	check(err)
	ref := info.Result.(types.ManagedObjectReference)
	return &ref
}

func remove(ctx context.Context, vm *object.VirtualMachine) {
	task, err := vm.RemoveAllSnapshot(ctx, nil)
	check(err)
	check(task.Wait(ctx))
}

func main() {
	ctx := context.Background()
	address, err := url.Parse(os.Getenv("LAB_URL"))
	check(err)
	address.User = url.UserPassword(os.Getenv("LAB_USER"), os.Getenv("LAB_PASSWORD"))
	client, err := govmomi.NewClient(ctx, address, true)
	check(err)
	report := map[string]interface{}{"about": client.ServiceContent.About.FullName}

	finder := find.NewFinder(client.Client, true)
	datacenter, err := finder.DefaultDatacenter(ctx)
	check(err)
	finder.SetDatacenter(datacenter)
	vms, err := finder.VirtualMachineList(ctx, "*")
	check(err)
	names := []string{}
	for _, vm := range vms {
		names = append(names, vm.InventoryPath)
	}
	report["vms"] = names

	vm, err := finder.VirtualMachine(ctx, "web")
	check(err)
	var properties mo.VirtualMachine
	check(vm.Properties(ctx, vm.Reference(), []string{"config", "guest", "runtime", "summary", "layoutEx", "network"}, &properties))
	report["power"] = properties.Runtime.PowerState
	report["firmware"] = properties.Config.Firmware
	report["networks"] = len(properties.Network)

	on := true
	task, err := vm.Reconfigure(ctx, types.VirtualMachineConfigSpec{ChangeTrackingEnabled: &on})
	check(err)
	check(task.Wait(ctx))
	snapshot(ctx, vm, "stun")
	remove(ctx, vm)
	held := snapshot(ctx, vm, "held")

	var disk *types.VirtualDisk
	for _, device := range properties.Config.Hardware.Device {
		if one, ok := device.(*types.VirtualDisk); ok && disk == nil {
			disk = one
		}
	}
	changes, err := vm.QueryChangedDiskAreas(ctx, held, held, disk, 0)
	report["query_error"] = fmt.Sprint(err)
	report["query_length"] = changes.Length

	store, err := finder.DefaultDatastore(ctx)
	check(err)
	body, size, err := store.Download(ctx, "web/web-flat.vmdk", &soap.DefaultDownload)
	check(err)
	hash := sha256.New()
	read, err := io.Copy(hash, body)
	check(err)
	report["size"], report["read"], report["sha256"] = size, read, fmt.Sprintf("%x", hash.Sum(nil))

	remove(ctx, vm)
	task, err = vm.PowerOff(ctx)
	check(err)
	check(task.Wait(ctx))
	state, err := vm.PowerState(ctx)
	check(err)
	report["power_after"] = state
	check(client.Logout(ctx))
	check(json.NewEncoder(os.Stdout).Encode(report))
}
