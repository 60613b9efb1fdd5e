// Two streams through a network of a file, stepped together by a pool, through Rondo's interface of C:
//
//     rustc stream.rs -L FOLDER_OF_LIBRONDO_C -l rondo_c && ./stream NETWORK.safetensors
use std::ffi::{c_void, CStr, CString};
use std::mem::size_of;
use std::os::raw::c_char;
use std::ptr::{null, null_mut};

#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device: [i32; 2],
    ndim: i32,
    dtype: u32,
    shape: *const i64,
    strides: *const i64,
    byte_offset: u64,
}

// The first members of rondo_pool_options: those that a caller lacks are as if they were zero.
#[repr(C)]
struct PoolOptions {
    struct_size: usize,
    slots: i64,
    max_rows: i64,
}

#[repr(C)]
struct StreamChunk {
    struct_size: usize,
    slot: i64,
    steps: i64,
    start: i32,
    end: i32,
}

extern "C" {
    fn rondo_last_error() -> *const c_char;
    fn rondo_dl_view(data: *mut f32, rank: i32, shape: *const i64, view: *mut DlTensor) -> i32;
    fn rondo_network_load(path: *const c_char, options: *const c_void, network: *mut *mut c_void) -> i32;
    fn rondo_network_close(network: *mut c_void) -> i32;
    fn rondo_pool_create(network: *mut c_void, options: *const PoolOptions, pool: *mut *mut c_void) -> i32;
    fn rondo_pool_open_slot(pool: *mut c_void, slot: *mut i64) -> i32;
    fn rondo_pool_run(p: *mut c_void, c: *const StreamChunk, n: usize, x: *const DlTensor, y: *const DlTensor) -> i32;
    fn rondo_pool_close(pool: *mut c_void) -> i32;
}

fn check(status: i32) {
    if status != 0 {
        panic!("{}", unsafe { CStr::from_ptr(rondo_last_error()) }.to_string_lossy());
    }
}

// A view of `values`, which must outlive it, as must `shape`.
fn view(values: &mut [f32], shape: &[i64]) -> DlTensor {
    assert_eq!(values.len() as i64, shape.iter().product::<i64>());
    let mut tensor: DlTensor = unsafe { std::mem::zeroed() };
    check(unsafe { rondo_dl_view(values.as_mut_ptr(), shape.len() as i32, shape.as_ptr(), &mut tensor) });
    tensor
}

fn main() {
    let path = CString::new(std::env::args().nth(1).expect("usage: stream NETWORK.safetensors")).unwrap();
    let (mut network, mut pool) = (null_mut(), null_mut());
    let options = PoolOptions { struct_size: size_of::<PoolOptions>(), slots: 1000, max_rows: 64 };
    check(unsafe { rondo_network_load(path.as_ptr(), null(), &mut network) });
    check(unsafe { rondo_pool_create(network, &options, &mut pool) });
    check(unsafe { rondo_network_close(network) });

    let mut chunks = [(); 2].map(|_| StreamChunk { struct_size: size_of::<StreamChunk>(), slot: 0, steps: 1, start: 0, end: 0 });
    for chunk in &mut chunks {
        check(unsafe { rondo_pool_open_slot(pool, &mut chunk.slot) });
    }
    let (mut inputs, mut outputs) = ([0.0f32; 2 * 3], [0.0f32; 2 * 24]);
    for step in 0..100 {
        for (k, value) in inputs.iter_mut().enumerate() {
            *value = (0.1 * (6 * step + k) as f32).sin();
        }
        let (x, y) = (view(&mut inputs, &[2, 3]), view(&mut outputs, &[2, 24]));
        check(unsafe { rondo_pool_run(pool, chunks.as_ptr(), chunks.len(), &x, &y) });
    }
    check(unsafe { rondo_pool_close(pool) });
    println!("100 steps, the first stream's unit 0 ends at {:.4}", outputs[0]);
}
