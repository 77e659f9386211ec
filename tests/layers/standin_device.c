/* A device for TensorFlow, of the kind STANDIN, that has one kernel of its own: CudnnRNNV3.

   Its memory is the host's and its streams do nothing, so it works on a CPU. With it, TensorFlow's placer, graph
   optimizer and executor do with an export what they do where there is a GPU. The kernel computes what cuDNN's
   documentation says of one layer in one direction, and ends the process when it is given what cuDNN refuses.

   Reference: tensorflow/c/experimental/stream_executor/stream_executor.h, tensorflow/c/kernels.h. */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tensorflow/c/experimental/stream_executor/stream_executor.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_tensor.h"

#define KIND "STANDIN"

typedef const SP_Device* Device;
typedef const SP_Platform* Platform;
typedef SP_DeviceMemoryBase Memory;

struct SP_Stream_st { int unused; };
struct SP_Event_st { int unused; };
struct SP_Timer_st { int unused; };

static void done(TF_Status* status) { TF_SetStatus(status, TF_OK, ""); }
static void* allocate_host(Device d, uint64_t size) { return aligned_alloc(64, (size / 64 + 1) * 64); }
static void free_host(Device d, void* memory) { free(memory); }

static void allocate(Device d, uint64_t size, int64_t space, Memory* memory) {
  memory->struct_size = SP_DEVICE_MEMORY_BASE_STRUCT_SIZE;
  memory->opaque = allocate_host(d, size);
  memory->size = size;
}

static void deallocate(Device d, Memory* memory) { free(memory->opaque); }

static TF_Bool allocator_stats(Device d, SP_AllocatorStats* stats) { return 0; }

static TF_Bool memory_usage(Device d, int64_t* free, int64_t* total) {
  *free = *total = 1LL << 31;
  return 1;
}

static void create_stream(Device d, SP_Stream* stream, TF_Status* status) {
  *stream = malloc(sizeof(struct SP_Stream_st));
  done(status);
}

static void destroy_stream(Device d, SP_Stream stream) { free(stream); }
static void stream_dependency(Device d, SP_Stream one, SP_Stream other, TF_Status* status) { done(status); }
static void stream_status(Device d, SP_Stream stream, TF_Status* status) { done(status); }

static void create_event(Device d, SP_Event* event, TF_Status* status) {
  *event = malloc(sizeof(struct SP_Event_st));
  done(status);
}

static void destroy_event(Device d, SP_Event event) { free(event); }
static SE_EventStatus event_status(Device d, SP_Event event) { return SE_EVENT_COMPLETE; }
static void record_event(Device d, SP_Stream stream, SP_Event event, TF_Status* status) { done(status); }
static void wait_for_event(Device d, SP_Stream stream, SP_Event event, TF_Status* status) { done(status); }
static void block_for_event(Device d, SP_Event event, TF_Status* status) { done(status); }
static void block_until_done(Device d, SP_Stream stream, TF_Status* status) { done(status); }
static void synchronize(Device d, TF_Status* status) { done(status); }

static void create_timer(Device d, SP_Timer* timer, TF_Status* status) {
  *timer = malloc(sizeof(struct SP_Timer_st));
  done(status);
}

static void destroy_timer(Device d, SP_Timer timer) { free(timer); }
static void turn_timer(Device d, SP_Stream stream, SP_Timer timer, TF_Status* status) { done(status); }
static uint64_t nanoseconds(SP_Timer timer) { return 0; }

static void copy(void* to, const void* from, uint64_t size, TF_Status* status) {
  memcpy(to, from, size);
  done(status);
}

static void to_host(Device d, SP_Stream s, void* to, const Memory* from, uint64_t size, TF_Status* status) {
  copy(to, from->opaque, size, status);
}
static void to_device(Device d, SP_Stream s, Memory* to, const void* from, uint64_t size, TF_Status* status) {
  copy(to->opaque, from, size, status);
}
static void on_device(Device d, SP_Stream s, Memory* to, const Memory* from, uint64_t size, TF_Status* status) {
  copy(to->opaque, from->opaque, size, status);
}
static void to_host_now(Device d, void* to, const Memory* from, uint64_t size, TF_Status* status) {
  copy(to, from->opaque, size, status);
}
static void to_device_now(Device d, Memory* to, const void* from, uint64_t size, TF_Status* status) {
  copy(to->opaque, from, size, status);
}
static void on_device_now(Device d, Memory* to, const Memory* from, uint64_t size, TF_Status* status) {
  copy(to->opaque, from->opaque, size, status);
}

static void set_zero(Device d, SP_Stream s, Memory* memory, uint64_t size, TF_Status* status) {
  memset(memory->opaque, 0, size);
  done(status);
}
static void set_bytes(Device d, SP_Stream s, Memory* memory, uint8_t byte, uint64_t size, TF_Status* status) {
  memset(memory->opaque, byte, size);
  done(status);
}
static void set_words(Device d, SP_Stream s, Memory* memory, uint32_t word, uint64_t size, TF_Status* status) {
  for (uint64_t i = 0; i < size / 4; i++) ((uint32_t*)memory->opaque)[i] = word;
  done(status);
}

static TF_Bool host_callback(Device d, SP_Stream s, SE_StatusCallbackFn call, void* argument) {
  TF_Status* status = TF_NewStatus();
  call(argument, status);
  TF_DeleteStatus(status);
  return 1;
}

static void device_count(Platform p, int* count, TF_Status* status) {
  *count = 1;
  done(status);
}

static void create_device(Platform p, SE_CreateDeviceParams* params, TF_Status* status) {
  params->device->struct_size = SP_DEVICE_STRUCT_SIZE;
  params->device->ordinal = params->ordinal;
  done(status);
}

static int32_t numa_node(Device d) { return 0; }
static int64_t bandwidth(Device d) { return -1; }
static double gflops(Device d) { return -1; }

static void create_device_fns(Platform p, SE_CreateDeviceFnsParams* params, TF_Status* status) {
  params->device_fns->get_numa_node = numa_node;
  params->device_fns->get_memory_bandwidth = bandwidth;
  params->device_fns->get_gflops = gflops;
  done(status);
}

static void create_executor(Platform p, SE_CreateStreamExecutorParams* params, TF_Status* status) {
  *params->stream_executor = (SP_StreamExecutor){
      .struct_size = SP_STREAMEXECUTOR_STRUCT_SIZE,
      .allocate = allocate,
      .deallocate = deallocate,
      .host_memory_allocate = allocate_host,
      .host_memory_deallocate = free_host,
      .unified_memory_allocate = allocate_host,
      .unified_memory_deallocate = free_host,
      .get_allocator_stats = allocator_stats,
      .device_memory_usage = memory_usage,
      .create_stream = create_stream,
      .destroy_stream = destroy_stream,
      .create_stream_dependency = stream_dependency,
      .get_stream_status = stream_status,
      .create_event = create_event,
      .destroy_event = destroy_event,
      .get_event_status = event_status,
      .record_event = record_event,
      .wait_for_event = wait_for_event,
      .create_timer = create_timer,
      .destroy_timer = destroy_timer,
      .start_timer = turn_timer,
      .stop_timer = turn_timer,
      .memcpy_dtoh = to_host,
      .memcpy_htod = to_device,
      .memcpy_dtod = on_device,
      .sync_memcpy_dtoh = to_host_now,
      .sync_memcpy_htod = to_device_now,
      .sync_memcpy_dtod = on_device_now,
      .block_host_for_event = block_for_event,
      .block_host_until_done = block_until_done,
      .synchronize_all_activity = synchronize,
      .mem_zero = set_zero,
      .memset = set_bytes,
      .memset32 = set_words,
      .host_callback = host_callback,
  };
  done(status);
}

static void create_timer_fns(Platform p, SP_TimerFns* fns, TF_Status* status) {
  fns->nanoseconds = nanoseconds;
  done(status);
}

static void destroy_device(Platform p, SP_Device* device) {}
static void destroy_device_fns(Platform p, SP_DeviceFns* fns) {}
static void destroy_executor(Platform p, SP_StreamExecutor* executor) {}
static void destroy_timer_fns(Platform p, SP_TimerFns* fns) {}
static void destroy_platform(SP_Platform* platform) {}
static void destroy_platform_fns(SP_PlatformFns* fns) {}

void SE_InitPlugin(SE_PlatformRegistrationParams* params, TF_Status* status) {
  params->platform->struct_size = SP_PLATFORM_STRUCT_SIZE;
  params->platform->name = KIND;
  params->platform->type = KIND;
  params->platform->use_bfc_allocator = 1;
  params->platform->force_memory_growth = 1;
  params->platform_fns->get_device_count = device_count;
  params->platform_fns->create_device = create_device;
  params->platform_fns->destroy_device = destroy_device;
  params->platform_fns->create_device_fns = create_device_fns;
  params->platform_fns->destroy_device_fns = destroy_device_fns;
  params->platform_fns->create_stream_executor = create_executor;
  params->platform_fns->destroy_stream_executor = destroy_executor;
  params->platform_fns->create_timer_fns = create_timer_fns;
  params->platform_fns->destroy_timer_fns = destroy_timer_fns;
  params->destroy_platform = destroy_platform;
  params->destroy_platform_fns = destroy_platform_fns;
  done(status);
}

static void require(int condition, const char* what) {
  if (!condition) {
    fprintf(stderr, "cuDNN would refuse this: %s\n", what);
    exit(3);
  }
}

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

/* The kernel's data is 3 gates for a GRU, 4 for an LSTM. */
static void* create_kernel(TF_OpKernelConstruction* construction) {
  char mode[32] = {0};
  unsigned char training = 1, time_major = 1;
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrString(construction, "rnn_mode", mode, sizeof(mode), status);
  TF_OpKernelConstruction_GetAttrBool(construction, "is_training", &training, status);
  TF_OpKernelConstruction_GetAttrBool(construction, "time_major", &time_major, status);
  TF_DeleteStatus(status);
  require(!training && !time_major, "another manner of running than the stand-in has");
  int* gates = malloc(sizeof(int));
  *gates = strncmp(mode, "gru", 3) ? 4 : 3;
  return gates;
}

static void delete_kernel(void* kernel) { free(kernel); }

static void compute(void* kernel, TF_OpKernelContext* context) {
  const int gates = *(int*)kernel, lstm = gates == 4;
  TF_Status* status = TF_NewStatus();
  TF_Tensor *in[5], *out[5];
  for (int i = 0; i < 5; i++) TF_GetInput(context, i, &in[i], status);
  const int64_t rows = TF_Dim(in[0], 0), length = TF_Dim(in[0], 1), features = TF_Dim(in[0], 2);
  const int64_t units = TF_Dim(in[1], 2), states = rows * units, wide = gates * units;
  require(rows > 0 && length > 0, "an empty batch");
  require(TF_NumDims(in[1]) == 3 && TF_Dim(in[1], 0) == rows && TF_Dim(in[1], 1) == 1, "the first state's shape");
  require(TF_TensorElementCount(in[2]) == (lstm ? states : 1), "the second state's shape");
  require(TF_TensorElementCount(in[3]) == wide * (features + units + 2), "the size of the parameters");
  require(TF_TensorElementCount(in[4]) == rows, "the number of lengths");

  int64_t whole[] = {rows, length, units}, last[] = {rows, 1, units}, none[] = {0};
  out[0] = TF_AllocateOutput(context, 0, TF_FLOAT, whole, 3, states * length * sizeof(float), status);
  out[1] = TF_AllocateOutput(context, 1, TF_FLOAT, last, 3, states * sizeof(float), status);
  out[2] = lstm ? TF_AllocateOutput(context, 2, TF_FLOAT, last, 3, states * sizeof(float), status)
                : TF_AllocateOutput(context, 2, TF_FLOAT, none, 1, 0, status);
  out[3] = TF_AllocateOutput(context, 3, TF_FLOAT, none, 1, 0, status);
  out[4] = TF_AllocateOutput(context, 4, TF_INT8, none, 1, 0, status);

  const float *w = TF_TensorData(in[3]), *r = w + wide * features, *bias = r + wide * units;
  const int* lengths = TF_TensorData(in[4]);
  float *sums = malloc(2 * wide * sizeof(float)), *from_state = sums + wide;
  float *h = TF_TensorData(out[1]), *c = TF_TensorData(out[2]), *y = TF_TensorData(out[0]);
  memset(y, 0, states * length * sizeof(float));
  memcpy(h, TF_TensorData(in[1]), states * sizeof(float));
  if (lstm) memcpy(c, TF_TensorData(in[2]), states * sizeof(float));
  for (int64_t row = 0; row < rows; row++, h += units, c += lstm ? units : 0) {
    require(lengths[row] > 0 && lengths[row] <= length, "a row's length");
    for (int t = 0; t < lengths[row]; t++) {
      const float* x = (float*)TF_TensorData(in[0]) + (row * length + t) * features;
      for (int j = 0; j < wide; j++) {
        sums[j] = bias[j];
        from_state[j] = bias[wide + j];
        for (int i = 0; i < features; i++) sums[j] += w[j * features + i] * x[i];
        for (int i = 0; i < units; i++) from_state[j] += r[j * units + i] * h[i];
      }
      for (int u = 0; u < units; u++) {
        float first = sigmoid(sums[u] + from_state[u]);
        float second = sigmoid(sums[units + u] + from_state[units + u]);
        float new = sums[2 * units + u];
        if (lstm) {
          float output = sigmoid(sums[3 * units + u] + from_state[3 * units + u]);
          c[u] = second * c[u] + first * tanhf(new + from_state[2 * units + u]);
          h[u] = output * tanhf(c[u]);
        } else {
          h[u] = (1 - second) * tanhf(new + first * from_state[2 * units + u]) + second * h[u];
        }
      }
      memcpy(y + (row * length + t) * units, h, units * sizeof(float));
    }
  }
  printf("stand-in ran %s\n", lstm ? "lstm" : "gru");
  fflush(stdout);
  free(sums);
  for (int i = 0; i < 5; i++) {
    TF_DeleteTensor(in[i]);
    TF_DeleteTensor(out[i]);
  }
  TF_DeleteStatus(status);
}

void TF_InitKernel(void) {
  TF_Status* status = TF_NewStatus();
  TF_KernelBuilder* builder = TF_NewKernelBuilder("CudnnRNNV3", KIND, create_kernel, compute, delete_kernel);
  TF_KernelBuilder_TypeConstraint(builder, "T", TF_FLOAT, status);
  TF_KernelBuilder_HostMemory(builder, "sequence_lengths");
  TF_KernelBuilder_HostMemory(builder, "host_reserved");
  TF_RegisterKernelBuilder("StandInCudnn", builder, status);
  TF_DeleteStatus(status);
}
