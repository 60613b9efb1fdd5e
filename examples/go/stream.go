// Streams steps through a network of a file, one a call, through Rondo's interface of C:
//
//	CGO_CFLAGS=-IINCLUDE CGO_LDFLAGS="-LFOLDER -lrondo_c" go build stream.go && ./stream NETWORK.safetensors
package main

/*
#cgo LDFLAGS: -lrondo_c
#include <rondo_c.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"math"
	"os"
	"unsafe"
)

func check(status C.rondo_status) {
	if status != C.RONDO_OK {
		fmt.Fprintln(os.Stderr, C.GoString(C.rondo_last_error()))
		os.Exit(1)
	}
}

// Memory of C: the library gets pointers to pointers, and Go's memory may move.
func tensor(sizes ...C.int64_t) (*C.rondo_dl_tensor, []C.float) {
	count := C.size_t(1)
	shape := (*[8]C.int64_t)(C.calloc(8, 8))
	for axis, size := range sizes {
		shape[axis] = size
		count *= C.size_t(size)
	}
	values := (*C.float)(C.calloc(count, 4))
	view := (*C.rondo_dl_tensor)(C.calloc(1, C.sizeof_rondo_dl_tensor))
	check(C.rondo_dl_view(values, C.int32_t(len(sizes)), &shape[0], view))
	return view, unsafe.Slice(values, count)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: stream NETWORK.safetensors")
		os.Exit(1)
	}
	var network *C.rondo_network
	var session *C.rondo_session
	path := C.CString(os.Args[1])
	defer C.free(unsafe.Pointer(path))
	check(C.rondo_network_load(path, nil, &network))
	sizes := C.rondo_run_sizes{struct_size: C.sizeof_rondo_run_sizes, T: 1, B: 1}
	check(C.rondo_network_session(network, &sizes, nil, &session))

	x, features := tensor(1, 1, 3)
	y, units := tensor(1, 1, 24)
	h, _ := tensor(1, 24)
	c, _ := tensor(1, 24)
	states := (*[2]*C.rondo_dl_tensor)(C.calloc(2, 8))
	states[0], states[1] = h, c
	run := (*C.rondo_run)(C.calloc(1, C.sizeof_rondo_run))
	*run = C.rondo_run{struct_size: C.sizeof_rondo_run, x: x, y: y,
		initial_states: &states[0], initial_state_count: 2, final_states: &states[0], final_state_count: 2}
	for step := 0; step < 100; step++ {
		for k := range features {
			features[k] = C.float(math.Sin(float64(0.1 * float32(3*step+k))))
		}
		check(C.rondo_session_run(session, run))
	}
	check(C.rondo_session_close(session))
	check(C.rondo_network_close(network))
	fmt.Printf("100 steps, unit 0 ends at %.4f\n", float32(units[0]))
}
