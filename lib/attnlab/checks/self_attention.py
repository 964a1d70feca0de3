"""Exercises of notebook 04: self-attention."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..attention import scaled_dot_product_attention, softmax
from .verdict import judge


def check_attend_one(attempt: Callable) -> Callable:
    """`attend_one(q, K, V)`: the output for one query q [d_k], keys K [n, d_k] and values V [n, d_v]."""
    return judge("attention for one query", attempt, _attend_one, _QUERIES, _WRONG_ATTEND_ONE)


def check_one_matrix(attempt: Callable) -> Callable:
    """`one_matrix(W_Q, W_K)`: the matrix M that gives the scaled scores at once, x @ M @ x.T."""
    return judge("one matrix for all scores", attempt, _one_matrix, _PROJECTIONS, _WRONG_ONE_MATRIX)


def _attend_one(q: NDArray, K: NDArray, V: NDArray) -> NDArray:
    return scaled_dot_product_attention(q[None], K, V).output[0]


def _scores(q: NDArray, K: NDArray) -> NDArray:
    return K @ q / np.sqrt(len(q))


def _weights(q: NDArray, K: NDArray) -> NDArray:
    return softmax(_scores(q, K))


_QUERIES = [
    (
        np.array([1.0, 0.0]),
        np.array([[2.0, 1.0], [0.0, 3.0], [-1.0, 1.0]]),
        np.array([[1.0, 0.0], [0.0, 1.0], [4.0, 4.0]]),
    ),
    (
        np.array([2.0, -1.0, 0.5]),
        np.array([[0.3, 0.2, 1.0], [1.0, 1.0, 1.0]]),
        np.array([[3.0, -1.0], [0.5, 2.0]]),
    ),
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
]

_WRONG_ATTEND_ONE = {
    lambda q, K, V: softmax(K @ q / 2) @ V: (
        "this always divides by 2, the root of the notebook's own d_k. Here d_k differs from input to input: "
        "take it from what is passed in, len(q)."
    ),
    lambda q, K, V: (
        softmax(K @ q) @ V
    ): "the scores are not scaled. Divide them by np.sqrt(len(q)) before softmax.",
    lambda q, K, V: (
        softmax(K @ q / len(q)) @ V
    ): "this divides by d_k. Take its square root: np.sqrt(len(q)).",
    lambda q, K, V: softmax(K @ q / np.sqrt(len(K))) @ V: (
        "this divides by the root of the number of keys. d_k is how many numbers one key has: len(q)."
    ),
    lambda q, K, V: softmax(K @ q * np.sqrt(len(q))) @ V: "this multiplies by the root of d_k. Divide by it.",
    lambda q, K, V: softmax(K @ q) / np.sqrt(len(q)) @ V: (
        "this scales the weights, and their sum is no longer 1. Scale the scores, before softmax."
    ),
    lambda q, K, V: (
        _scores(q, K) @ V
    ): "these are mixed by scores, which are no shares. Put softmax around them.",
    lambda q, K, V: (
        np.exp(_scores(q, K)) @ V
    ): "exp alone gives no shares. Use softmax: it divides by the sum.",
    lambda q, K, V: _scores(
        q, K
    ): "these are the scores. Two steps are missing: softmax, and the mixing of V.",
    lambda q, K, V: _weights(
        q, K
    ): "these are the weights. One step is missing: mix the rows of V with them.",
    lambda q, K, V: _weights(q, K) @ K: "this mixes the keys. Keys are for finding; mix the values V.",
    lambda q, K, V: _weights(q, K)[:, None] * V: "the rows are weighted but not added up. Use weights @ V.",
    lambda q, K, V: (_weights(q, K)[:, None] * V).sum(axis=1): (
        "this adds up along each row. Add the rows themselves, axis=0, or use weights @ V."
    ),
    lambda q, K, V: V[np.argmax(K @ q)]: "this takes the best value alone. Attention mixes all of them.",
    lambda q, K, V: V.mean(axis=0): "every value has the same share here. The scores must decide: softmax.",
}


def _one_matrix(W_Q: NDArray, W_K: NDArray) -> NDArray:
    return W_Q @ W_K.T / np.sqrt(W_Q.shape[1])


_PROJECTIONS = [
    (np.array([[1.0, 0.0], [2.0, -1.0], [0.0, 3.0]]), np.array([[0.5, 1.0], [0.0, 2.0], [1.0, 1.0]])),
    (np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 1.0]]), np.array([[3.0, 0.0, 1.0], [1.0, 1.0, -2.0]])),
    (np.array([[2.0], [1.0]]), np.array([[0.0], [3.0]])),
]

_WRONG_ONE_MATRIX = {
    lambda W_Q, W_K: W_Q @ W_K.T / 2: (
        "this always divides by 2, the root of the notebook's own d_k. Take it from what is passed in: "
        "W_Q.shape[1]."
    ),
    lambda W_Q, W_K: W_Q @ W_K.T: "the scale is missing. Divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_Q @ W_K.T / W_Q.shape[1]: "this divides by d_k. Take its square root.",
    lambda W_Q, W_K: W_Q @ W_K.T / np.sqrt(len(W_Q)): (
        "this divides by the root of the number of rows. d_k is the number of columns: W_Q.shape[1]."
    ),
    lambda W_Q, W_K: W_Q @ W_K.T * np.sqrt(W_Q.shape[1]): "this multiplies by the root of d_k. Divide by it.",
    lambda W_Q, W_K: _one_matrix(W_K, W_Q): (
        "here the keys ask and the queries offer. x W_Q stands on the left: begin with W_Q."
    ),
    lambda W_Q, W_K: W_K @ W_Q.T: "two things: begin with W_Q, not W_K, and divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_Q.T @ W_K / np.sqrt(W_Q.shape[1]): (
        "this is d_k by d_k. M stands between x and x.T, so it is d_model by d_model: transpose W_K instead."
    ),
    lambda W_Q, W_K: (
        W_Q.T @ W_K
    ): "this is d_k by d_k, and not scaled. Transpose W_K, and divide by np.sqrt(W_Q.shape[1]).",
    lambda W_Q, W_K: W_Q * W_K: "this multiplies entry by entry. A matrix product is @.",
    lambda W_Q, W_K: _one_matrix(W_Q, W_Q): "W_Q stands here twice. The keys come from W_K.",
    lambda W_Q, W_K: _one_matrix(W_K, W_K): "W_K stands here twice. The queries come from W_Q.",
    lambda W_Q, W_K: (_one_matrix(W_Q, W_K) + _one_matrix(W_K, W_Q)) / 2: (
        "this M is symmetric: asking and offering have become the same. Leave the second half out."
    ),
}
