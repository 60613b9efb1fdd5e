// Two streams through a network of a file, stepped together by a pool, through Rondo's interface of C:
//
//	CGO_CFLAGS=-IINCLUDE CGO_LDFLAGS=-LFOLDER go build stream.go && ./stream NETWORK.safetensors
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

// A tensor in memory of C, because C may not keep pointers to Go's memory.
func tensor(rows, columns C.int64_t) (*C.rondo_dl_tensor, []C.float) {
	shape := (*[2]C.int64_t)(C.calloc(2, 8))
	*shape = [2]C.int64_t{rows, columns}
	values := (*C.float)(C.calloc(C.size_t(rows*columns), 4))
	view := (*C.rondo_dl_tensor)(C.calloc(1, C.sizeof_rondo_dl_tensor))
	check(C.rondo_dl_view(values, 2, &shape[0], view))
	return view, unsafe.Slice(values, rows*columns)
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: stream NETWORK.safetensors")
		os.Exit(1)
	}
	var network *C.rondo_network
	var pool *C.rondo_pool
	path := C.CString(os.Args[1])
	defer C.free(unsafe.Pointer(path))
	check(C.rondo_network_load(path, nil, &network))
	options := C.rondo_pool_options{struct_size: C.sizeof_rondo_pool_options, slots: 1000, max_rows: 64}
	check(C.rondo_pool_create(network, &options, &pool))
	check(C.rondo_network_close(network))

	var chunks [2]C.rondo_stream_chunk
	for k := range chunks {
		chunks[k].struct_size = C.sizeof_rondo_stream_chunk
		check(C.rondo_pool_open_slot(pool, &chunks[k].slot))
	}
	x, inputs := tensor(2, 3)
	y, outputs := tensor(2, 24)
	for step := 0; step < 100; step++ {
		for k := range inputs {
			inputs[k] = C.float(math.Sin(float64(0.1 * float32(6*step+k))))
		}
		check(C.rondo_pool_run(pool, &chunks[0], C.size_t(len(chunks)), x, y))
	}
	check(C.rondo_pool_close(pool))
	fmt.Printf("100 steps, the first stream's unit 0 ends at %.4f\n", float32(outputs[0]))
}
