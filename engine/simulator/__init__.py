"""What a dataset would be worth: two models of performance, neither of them a forecast.

    calibrated         the default: an additive error model, fitted to published tables
    book               the interactive simulator of the source chapter, exactly, with its defects
    prediction         what either model predicts of a point: performance, losses, rates, frontier
    band               how far the calibrated model's own parameters leave the answer open
    noise              how noisy the kept rows are, as told by labels or assumed
    isotonic           noise as a falling function of the score, fitted to labels
    duplication        how many rows a cluster of duplicates is worth
    cumulative_counts  rows, distinct rows and effective rows that any threshold keeps
    sweep              performance over the threshold
    advice             what would bring most next
    cost               tokens, hours and money of a training run
    parsing            rows and shares as people type them
    report             all of it as plain values for programs

Everything here is pure: arrays in, numbers out. `engine.session.simulator_link` brings the data.

Why one point of noise costs so many rows (the source chapter's Quiz 5 in its own terms): take an
error that is a sum of a volume and a noise term,

    E(N, eps) = A * N**-alpha + B * eps**beta.

Along a line of equal error dE = 0, so

    -alpha * A * N**(-alpha-1) * dN + beta * B * eps**(beta-1) * deps = 0
    dN/deps = (beta*B / (alpha*A)) * N**(alpha+1) * eps**(beta-1).

The chapter calls this the elasticity. It is the slope of the line (rows per unit of noise, the
marginal rate of substitution); the elasticity is the relative one,

    dlnN/dlneps = (dN/deps) * eps/N = beta * B * eps**beta / (alpha * A * N**-alpha),

by how many per cent the rows must grow for one per cent more noise. The slope grows with
N**(alpha+1): the larger a dataset, the dearer each further point of noise, which is why 9,229
clean rows can be worth more than 52,002 noisy ones.
"""

from engine.simulator.prediction import Model, Point, Prediction, predict

__all__ = ["Model", "Point", "Prediction", "predict"]
