"""Exercises of notebook 04: self-attention."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import scaled_dot_product_attention, softmax
from .verdict import judge, sizes


def check_attend_one(attempt: Callable) -> Callable:
    """`attend_one(q, K, V)`: the output for one query q [d_k], keys K [n, d_k] and values V [n, d_v]."""
    return judge("attention for one query", attempt, _attend_one, _QUERIES, _WRONG_ATTEND_ONE, _query)


def check_one_matrix(attempt: Callable) -> Callable:
    """`one_matrix(W_Q, W_K)`: the matrix M that gives the scaled scores at once, x @ M @ x.T."""
    title = "one matrix for all scores"
    return judge(title, attempt, _one_matrix, _PROJECTIONS, _WRONG_ONE_MATRIX, _projections)


# Exercise 1: attention for one query


def _attend_one(q: NDArray, K: NDArray, V: NDArray) -> NDArray:
    return scaled_dot_product_attention(q[None], K, V).output[0]


def _scores(q: NDArray, K: NDArray) -> NDArray:
    return K @ q / np.sqrt(len(q))


def _weights(q: NDArray, K: NDArray) -> NDArray:
    return softmax(_scores(q, K))


_QUERIES = [
    (np.array([1.0, 0.0]), np.array([[2.0, 1.0], [0.0, 3.0], [1.0, 1.0]]), np.array([[1.0], [2.0], [4.0]])),
    (
        np.array([2.0, -1.0, 0.5]),
        np.array([[0.3, 0.2, 1.0], [1.0, 1.0, 1.0]]),
        np.array([[3.0, -1.0], [0.5, 2.0]]),
    ),
    (np.array([2.0]), np.array([[1.0], [0.0], [3.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]])),
    (
        np.array([0.5, 1.0, 0.0, -2.0]),
        np.array(
            [
                [1.0, 0.0, 2.0, -1.0],
                [0.5, 3.0, 1.0, 1.0],
                [-1.0, 0.0, 1.0, 0.2],
                [0.0, 1.0, 0.0, 0.0],
                [2.0, 0.5, 1.0, 0.3],
            ]
        ),
        np.array([[1.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [1.0, 1.0, 1.0], [-1.0, 2.0, 0.5]]),
    ),
    *(  # a weight of 0.000006 for a large value; scores far above 0; scores far below 0
        (np.array([q]), K, np.array([[0.0, 1.0], [50.0, 0.0], [0.0, 3.0], [1.0, 1.0]]))
        for q, K in (
            (4.0, np.array([[3.0], [0.0], [1.0], [2.0]])),
            (200.0, np.array([[60.0], [80.0], [90.0], [100.0]])),
            (200.0, np.array([[-60.0], [-80.0], [-90.0], [-100.0]])),
        )
    ),
]


def _query(rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """A query, keys and values: few or many, wide or one number wide, also with scores far above 10,000."""
    n, d_k, d_v = sizes(rng, 5, 5, 5)
    q, K, V = (rng.integers(-4, 5, size=shape) / 2 for shape in (d_k, (n, d_k), (n, d_v)))
    return q * rng.choice([0.5, 1, 3, 1000, 20_000]), K, V


_WRONG_ATTEND_ONE = {
    lambda q, K, V: softmax(K @ q / 2) @ V: (
        "this always divides by 2, the root of d_k in this notebook. d_k changes from input to input: "
        "use np.sqrt(len(q))."
    ),
    lambda q, K, V: (
        softmax(K @ q) @ V
    ): "the scores are not scaled. Divide them by np.sqrt(len(q)) before softmax.",
    lambda q, K, V: (
        softmax(K @ q / len(q)) @ V
    ): "this divides by d_k. Divide by its square root: np.sqrt(len(q)).",
    lambda q, K, V: softmax(K @ q / int(np.sqrt(len(q)))) @ V: (
        "int cuts the root of d_k down to a whole number. Leave it out."
    ),
    lambda q, K, V: softmax(K @ q / np.sqrt(len(K))) @ V: (
        "this divides by the root of the number of keys. d_k is how many numbers one key has: len(q)."
    ),
    lambda q, K, V: softmax(K @ q / np.sqrt(V.shape[1])) @ V: (
        "this divides by the root of the width of V. d_k is the width of q and K: len(q)."
    ),
    lambda q, K, V: softmax(K @ q * np.sqrt(len(q))) @ V: "this multiplies by the root of d_k. Divide by it.",
    lambda q, K, V: softmax(K @ q) / np.sqrt(len(q)) @ V: (
        "this scales the weights, so their sum is no longer 1. Scale the scores, before softmax."
    ),
    lambda q, K, V: (
        _scores(q, K) @ V
    ): "this mixes the values by scores, which are not shares. Apply softmax to the scores first.",
    lambda q, K, V: (
        np.exp(_scores(q, K)) @ V
    ): "exp alone does not give shares. Use softmax, which also divides by the sum.",
    lambda q, K, V: np.exp(_scores(q, K)) / np.exp(_scores(q, K)).sum() @ V: (
        "np.exp overflows for large scores, and all weights become 0 for very negative ones. Call softmax, "
        "which subtracts the largest score first."
    ),
    lambda q, K, V: _scores(
        q, K
    ): "these are the scores. Two steps are missing: softmax, and mixing the values.",
    lambda q, K, V: _weights(
        q, K
    ): "these are the weights. One step is missing: mix the rows of V with them.",
    lambda q, K, V: _weights(q, K) @ K: "this mixes the keys. Keys are for being found; mix the values V.",
    lambda q, K, V: _weights(q, K)[:, None] * V: "the rows are weighted but not added up. Use weights @ V.",
    lambda q, K, V: _weights(q, K) * V: (
        "each weight belongs to a row of V, and the weighted rows must be added up: weights @ V does both."
    ),
    lambda q, K, V: (_weights(q, K)[:, None] * V).sum(axis=1): (
        "this adds up along each row. Add the rows themselves, axis=0, or use weights @ V."
    ),
    lambda q, K, V: softmax(K.T @ q / np.sqrt(len(q))) @ V: (
        "K has a row for each key, so K @ q is one number for each key. Leave out the transpose."
    ),
    lambda q, K, V: softmax(q @ K / np.sqrt(len(q))) @ V: (
        "K has a row for each key, and q @ K runs down its columns. Write K @ q: one number for each key."
    ),
    lambda q, K, V: softmax(np.dot(q, K) / np.sqrt(len(q))) @ V: (
        "K has a row for each key, and np.dot(q, K) runs down its columns. Write np.dot(K, q)."
    ),
    lambda q, K, V: V @ _weights(q, K): "the weights belong to the rows of V: put them first, weights @ V.",
    lambda q, K, V: V[np.argmax(K @ q)]: "this takes the best value alone. Attention mixes all of them.",
    lambda q, K, V: V.mean(axis=0): "every value has the same share here. The scores should decide: softmax.",
}


# Exercise 2: one matrix for all scores


def _one_matrix(W_Q: NDArray, W_K: NDArray) -> NDArray:
    return W_Q @ W_K.T / np.sqrt(W_Q.shape[1])


_PROJECTIONS = [
    (np.array([[2.0], [1.0]]), np.array([[0.0], [3.0]])),
    (np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 1.0]]), np.array([[3.0, 0.0, 1.0], [1.0, 1.0, -2.0]])),
    (np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0]]), np.array([[0.5, 1.0], [0.0, 2.0], [1.0, 1.0]])),
]


def _projections(rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Two matrices of one shape: tall, wide or square, one row or column or more, large or small."""
    shape = sizes(rng, 6, 6)
    W_Q, W_K = (rng.integers(-4, 5, size=shape) / 2 for _ in range(2))
    return W_Q * rng.choice([0.25, 1, 1, 1000]), W_K


_WRONG_ONE_MATRIX = {
    lambda W_Q, W_K: W_Q @ W_K.T / 2: (
        "this always divides by 2, the root of d_k in this notebook. Take d_k from the input: W_Q.shape[1]."
    ),
    lambda W_Q, W_K: W_Q @ W_K.T: "the scale is missing. Divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_Q @ W_K.T / W_Q.shape[1]: "this divides by d_k. Divide by its square root.",
    lambda W_Q, W_K: W_Q @ W_K.T / int(np.sqrt(W_Q.shape[1])): (
        "int cuts the root of d_k down to a whole number. Leave it out."
    ),
    lambda W_Q, W_K: W_Q @ W_K.T / np.sqrt(len(W_Q)): (
        "this divides by the root of the number of rows. d_k is the number of columns: W_Q.shape[1]."
    ),
    lambda W_Q, W_K: W_Q @ W_K.T * np.sqrt(W_Q.shape[1]): "this multiplies by the root of d_k. Divide by it.",
    lambda W_Q, W_K: _one_matrix(W_K, W_Q): (
        "here the keys ask and the queries offer. Q @ K.T begins with the queries, so begin with W_Q."
    ),
    lambda W_Q, W_K: W_K @ W_Q.T: "two things: begin with W_Q, not W_K, and divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_Q @ W_K / np.sqrt(W_Q.shape[1]): (
        "W_Q and W_K have the same shape, so W_K must be transposed: W_Q @ W_K.T."
    ),
    lambda W_Q, W_K: W_Q.T @ W_K / np.sqrt(W_Q.shape[1]): (
        "this is d_k by d_k. M stands between x and x.T, so it is d_model by d_model: transpose W_K instead."
    ),
    lambda W_Q, W_K: (
        W_Q.T @ W_K
    ): "this is d_k by d_k, and not scaled. Transpose W_K, and divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_K.T @ W_Q / np.sqrt(W_Q.shape[1]): (
        "this is d_k by d_k, with the keys first. M stands between x and x.T, so it is d_model by d_model: "
        "begin with W_Q, and transpose W_K."
    ),
    lambda W_Q, W_K: W_K.T @ W_Q: (
        "this is d_k by d_k, with the keys first, and not scaled. M is d_model by d_model: begin with W_Q, "
        "transpose W_K, and divide by np.sqrt(W_Q.shape[1])."
    ),
    lambda W_Q, W_K: W_Q * W_K: "this multiplies entry by entry. A matrix product is written with @.",
    lambda W_Q, W_K: _one_matrix(W_Q, W_Q): "you use W_Q twice. The keys come from W_K.",
    lambda W_Q, W_K: _one_matrix(W_K, W_K): "you use W_K twice. The queries come from W_Q.",
    lambda W_Q, W_K: (_one_matrix(W_Q, W_K) + _one_matrix(W_K, W_Q)) / 2: (
        "this M is symmetric, so asking and offering have become the same. Leave the second half out."
    ),
}
