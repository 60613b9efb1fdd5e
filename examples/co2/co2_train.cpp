// Trains the demo's model from scratch: Rondo computes the gradients, and Adam, in adam.h, changes the weights. Initial
// weights and the order of batches are those of train_keras.py, so that each loss can be compared with Keras's.
//
//     co2_train DIRECTORY_OF_THIS_EXAMPLE

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "adam.h"
#include "co2_record.h"
#include "rondo/rondo.h"
#include "training_batches.h"

namespace {

using rondo::Tensor;

constexpr double kRate = 0.01;
constexpr std::size_t kStepsCompared = 50;  // later ones differ by what rounding has grown to

/// Weights, or their gradients: an LSTM's, then a dense layer's.
struct Parameters {
  rondo::RecurrentWeights lstm;
  Tensor head_kernel;  ///< (H, 1)
  Tensor head_bias;    ///< (1)

  std::vector<Tensor> all() const { return {lstm.kernel, lstm.recurrent_kernel, *lstm.bias, head_kernel, head_bias}; }
};

Parameters initial_weights(const rondo::Safetensors& file) {
  const auto copy = [&](const char* name) { return file.tensor(name).clone(); };
  return {.lstm = {.kernel = copy("lstm.kernel"),
                   .recurrent_kernel = copy("lstm.recurrent_kernel"),
                   .bias = copy("lstm.bias")},
          .head_kernel = copy("head.kernel"),
          .head_bias = copy("head.bias")};
}

Parameters zeros_like(const Parameters& weights) {
  return {.lstm = weights.lstm.map(rondo::zeros_like),
          .head_kernel = rondo::zeros_like(weights.head_kernel),
          .head_bias = rondo::zeros_like(weights.head_bias)};
}

/// A session for sequences of the shape of x (T, B, I), with a mask.
rondo::Session make_session(const rondo::SharedWeights& lstm, const Tensor& x, rondo::Keep keep) {
  const std::int64_t H = lstm.weights().recurrent_kernel.size(0);
  const rondo::RecurrenceSpec spec = {
      .cell = {.units = H}, .T = x.size(0), .B = x.size(1), .I = x.size(2), .has_mask = true, .keep = keep};
  return {rondo::Plan::create(spec, {.threads = 1}), lstm};  // so small a run is not worth a second thread
}

/// An LSTM and a dense layer on its outputs, with all that a step of training needs. The sessions share the LSTM's
/// weights: one learns from batches, and the other one answers for a whole record.
class Training {
 public:
  /// `batch` and `x` (T, 1, I) have the shapes of all batches and of the record.
  Training(const rondo::Safetensors& file, const co2::Batch& batch, const Tensor& x)
      : weights_(initial_weights(file)),
        gradients_(zeros_like(weights_)),
        lstm_(weights_.lstm),
        learner_(make_session(lstm_, batch.x, rondo::Keep::gates)),
        answerer_(make_session(lstm_, x, rondo::Keep::nothing)),
        reserve_(Tensor::empty({static_cast<std::int64_t>(learner_.plan().reserve_bytes())}, rondo::DType::u8)),
        adam_(weights_.all(), gradients_.all()) {}

  /// Changes the weights by one batch and returns the loss before.
  double step(const co2::Batch& batch) {
    const Tensor h = Tensor::empty({batch.x.size(0), batch.x.size(1), weights_.head_kernel.size(0)}, batch.x.dtype());
    const rondo::SessionTensors run = {.x = batch.x, .mask = batch.mask, .y = h, .reserve = reserve_};
    learner_.run(run);

    // The loss is the mean of the squared errors of the answers that count.
    const Tensor no_error = rondo::zeros_like(batch.target);
    const Tensor error = rondo::where(batch.counted, head(h) - batch.target, no_error);
    const double count = rondo::sum(batch.counted.to(error.dtype())).item();
    const Tensor d_answers = error * (2.0 / count);
    backward(run, d_answers);
    adam_.step(kRate);
    lstm_.reload();  // both sessions run with the new weights from here on
    return rondo::sum(error * error).item() / count;
  }

  /// Maps features (T, 1, I) to answers (T, 1, 1).
  Tensor answers(const Tensor& x, const Tensor& mask) {
    const Tensor h = Tensor::empty({x.size(0), 1, weights_.head_kernel.size(0)}, x.dtype());
    answerer_.run({.x = x, .mask = mask, .y = h});
    return head(h);
  }

 private:
  Tensor head(const Tensor& h) const { return rondo::dot(h, weights_.head_kernel) + weights_.head_bias; }

  /// Writes all gradients, those of the dense layer by hand.
  void backward(const rondo::SessionTensors& run, const Tensor& d_answers) {
    const Tensor rows_of_h = run.y->reshape({-1, run.y->size(2)});
    const Tensor rows_of_d = d_answers.reshape({-1, 1});
    gradients_.head_kernel.copy_from(rondo::dot(rows_of_h.swap_axes(0, 1), rows_of_d));
    gradients_.head_bias.copy_from(rondo::sum(rows_of_d, {0}));

    const Tensor d_h = rondo::dot(d_answers, weights_.head_kernel.swap_axes(0, 1));
    const rondo::WeightGradients lstm = {.kernel = gradients_.lstm.kernel,
                                         .recurrent_kernel = gradients_.lstm.recurrent_kernel,
                                         .bias = gradients_.lstm.bias};
    learner_.backward(run, {.y = d_h, .weights = lstm});
  }

  Parameters weights_;
  Parameters gradients_;
  rondo::SharedWeights lstm_;
  rondo::Session learner_;
  rondo::Session answerer_;
  Tensor reserve_;
  co2::Adam adam_;
};

/// What one training, here or in Keras, went through: the loss of each step, and the error in ppm after each epoch.
struct Course {
  std::vector<double> losses;
  std::vector<double> errors;
};

Course train(const rondo::Safetensors& file, const co2::Record& record, const Course& keras) {
  const std::vector<co2::Batch> batches = co2::training_batches(record);
  const Tensor x = co2::features(record).swap_axes(0, 1);
  const Tensor mask = co2::mask(record).swap_axes(0, 1);
  Training training(file, batches[0], x);
  Course course;
  std::printf("  epoch   loss      error 1991-2001   Keras's error\n");
  for (std::size_t epoch = 0; epoch < keras.errors.size(); ++epoch) {
    double loss = 0.0;
    for (const co2::Batch& batch : batches) {
      course.losses.push_back(training.step(batch));
      loss += course.losses.back() / static_cast<double>(batches.size());
    }
    course.errors.push_back(co2::error_since_1991(record, co2::forecast(record, training.answers(x, mask))));
    std::printf("  %5zu   %.4f    %.4f ppm        %.4f ppm\n", epoch + 1, loss, course.errors.back(),
                keras.errors[epoch]);
  }
  return course;
}

/// The largest relative difference of the first losses; the losses of a training that went wrong may be NaN.
double largest_difference(const Course& course, const Course& keras) {
  double largest = 0.0;
  for (std::size_t k = 0; k < kStepsCompared; ++k) {
    const double difference = std::abs(course.losses[k] / keras.losses[k] - 1.0);
    if (!(difference <= largest)) largest = difference;  // keeps a NaN
  }
  return largest;
}

void run(const std::filesystem::path& directory) {
  const co2::Record record = co2::read_record(directory / "co2.csv");
  const rondo::Safetensors file = rondo::load_safetensors(directory / "keras_training.safetensors");
  const Course keras = {file.tensor("losses").to_vector<double>(), file.tensor("errors").to_vector<double>()};

  const auto start = std::chrono::steady_clock::now();
  const Course course = train(file, record, keras);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const double difference = largest_difference(course, keras);
  const double ratio = course.errors.back() / keras.errors.back();
  std::printf("\n  %zu steps in %.2f s\n", course.losses.size(), seconds);
  std::printf("  losses of the first %zu steps: max |rondo / keras - 1| = %.1g\n", kStepsCompared, difference);
  std::printf("  error at the end: %.4f ppm, Keras's %.4f ppm, |rondo / keras - 1| = %.1g\n", course.errors.back(),
              keras.errors.back(), std::abs(ratio - 1.0));
  if (!(difference <= 1e-4)) throw std::runtime_error("a loss is further from Keras's than 1e-4 of it");
  if (!(std::abs(ratio - 1.0) <= 0.02)) throw std::runtime_error("the error is further from Keras's than 2 % of it");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: co2_train DIRECTORY\n");
    return EXIT_FAILURE;
  }
  try {
    run(argv[1]);
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "co2_train: %s\n", error.what());
    return EXIT_FAILURE;
  }
}
