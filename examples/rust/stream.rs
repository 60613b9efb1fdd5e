// Streams steps through a network of a file, one a call, through Rondo's interface of C:
//
//     rustc stream.rs -L FOLDER_OF_LIBRONDO_C -l rondo_c && ./stream NETWORK.safetensors
use std::ffi::{c_void, CStr, CString};
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

#[repr(C)]
struct RunSizes {
    struct_size: usize,
    t: i64,
    b: i64,
    has_mask: i32,
    has_lengths: i32,
}

// The first members of rondo_run. Members that a caller lacks are as if they were zero.
#[repr(C)]
struct Run {
    struct_size: usize,
    x: *const DlTensor,
    mask: *const DlTensor,
    lengths: *const DlTensor,
    resets: *const DlTensor,
    y: *const DlTensor,
    initial_states: *const *const DlTensor,
    final_states: *const *const DlTensor,
    initial_state_count: usize,
    final_state_count: usize,
}

extern "C" {
    fn rondo_last_error() -> *const c_char;
    fn rondo_dl_view(data: *mut f32, rank: i32, shape: *const i64, view: *mut DlTensor) -> i32;
    fn rondo_network_load(path: *const c_char, options: *const c_void, network: *mut *mut c_void) -> i32;
    fn rondo_network_session(n: *mut c_void, sizes: *const RunSizes, options: *const c_void, s: *mut *mut c_void) -> i32;
    fn rondo_network_close(network: *mut c_void) -> i32;
    fn rondo_session_run(session: *mut c_void, run: *const Run) -> i32;
    fn rondo_session_close(session: *mut c_void) -> i32;
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
    let (mut network, mut session) = (null_mut(), null_mut());
    let sizes = RunSizes { struct_size: std::mem::size_of::<RunSizes>(), t: 1, b: 1, has_mask: 0, has_lengths: 0 };
    check(unsafe { rondo_network_load(path.as_ptr(), null(), &mut network) });
    check(unsafe { rondo_network_session(network, &sizes, null(), &mut session) });

    let (mut x, mut y, mut h, mut c) = ([0.0f32; 3], [0.0f32; 24], [0.0f32; 24], [0.0f32; 24]);
    let states = [view(&mut h, &[1, 24]), view(&mut c, &[1, 24])];
    let list = [&states[0] as *const DlTensor, &states[1] as *const DlTensor];
    for step in 0..100 {
        for (feature, value) in x.iter_mut().enumerate() {
            *value = (0.1 * (3 * step + feature) as f32).sin();
        }
        let (x_step, y_step) = (view(&mut x, &[1, 1, 3]), view(&mut y, &[1, 1, 24]));
        let mut run: Run = unsafe { std::mem::zeroed() };
        run.struct_size = std::mem::size_of::<Run>();
        (run.x, run.y) = (&x_step, &y_step);
        (run.initial_states, run.initial_state_count) = (list.as_ptr(), list.len());
        (run.final_states, run.final_state_count) = (list.as_ptr(), list.len());
        check(unsafe { rondo_session_run(session, &run) });
    }
    check(unsafe { rondo_session_close(session) });
    check(unsafe { rondo_network_close(network) });
    println!("100 steps, unit 0 ends at {:.4}", y[0]);
}
