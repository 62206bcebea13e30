"""Two links, a motor at the elbow: swing the end above a line (Sutton, 1996; Sutton and Barto, 2018).

The state is the first link's angle from hanging and the second's relative to it (rad), their angular velocities, and
whether this is the start: there Gymnasium keeps the state in single precision, and observes it so.
"""

from __future__ import annotations

import math

from poise.kernels.base import Box, Discrete, Kernel, Numbers, between
from poise.kernels.elementary import cos, float32_cos, float32_sin, power2, sin, single

TIME_STEP = 0.2
LENGTH_1 = 1.0
MASS_1 = MASS_2 = 1.0
CENTRE_1 = CENTRE_2 = 0.5
INERTIA = 1.0
GRAVITY = 9.8
LARGEST_SPEED_1, LARGEST_SPEED_2 = 4 * math.pi, 9 * math.pi
TURN = 2 * math.pi


def reset(draws: Numbers, settings: Numbers) -> Numbers:
    """Hanging, nearly at rest."""
    theta1, theta2, speed1, speed2 = draws
    return (
        single(between(-0.1, 0.1, theta1)),
        single(between(-0.1, 0.1, theta2)),
        single(between(-0.1, 0.1, speed1)),
        single(between(-0.1, 0.1, speed2)),
        1.0,
    )


def accelerations(theta1: float, theta2: float, speed1: float, speed2: float, torque: float) -> tuple[float, float]:
    """Angular accelerations of the two links (the book's equations, section 11.3 of the first edition)."""
    cosine, sine = cos(theta2), sin(theta2)
    d1 = MASS_1 * CENTRE_1**2 + MASS_2 * (LENGTH_1**2 + CENTRE_2**2 + 2 * LENGTH_1 * CENTRE_2 * cosine)
    d1 = d1 + INERTIA + INERTIA
    d2 = MASS_2 * (CENTRE_2**2 + LENGTH_1 * CENTRE_2 * cosine) + INERTIA
    phi2 = MASS_2 * CENTRE_2 * GRAVITY * cos(theta1 + theta2 - math.pi / 2.0)
    phi1 = (
        -MASS_2 * LENGTH_1 * CENTRE_2 * power2(speed2) * sine
        - 2 * MASS_2 * LENGTH_1 * CENTRE_2 * speed2 * speed1 * sine
        + (MASS_1 * CENTRE_1 + MASS_2 * LENGTH_1) * GRAVITY * cos(theta1 - math.pi / 2)
        + phi2
    )
    acceleration2 = (torque + d2 / d1 * phi1 - MASS_2 * LENGTH_1 * CENTRE_2 * power2(speed1) * sine - phi2) / (
        MASS_2 * CENTRE_2**2 + INERTIA - power2(d2) / d1
    )
    acceleration1 = -(d2 * acceleration2 + phi1) / d1
    return acceleration1, acceleration2


def step(state: Numbers, action: float, settings: Numbers) -> tuple[Numbers, float, bool]:
    """One torque of -1, 0 or 1 N m, and 0.2 s by the Runge-Kutta method of fourth order."""
    t1, t2, s1, s2, _ = state
    torque = action - 1.0
    half = TIME_STEP / 2.0
    a1, b1 = accelerations(t1, t2, s1, s2, torque)
    u2, v2 = s1 + half * a1, s2 + half * b1
    a2, b2 = accelerations(t1 + half * s1, t2 + half * s2, u2, v2, torque)
    u3, v3 = s1 + half * a2, s2 + half * b2
    a3, b3 = accelerations(t1 + half * u2, t2 + half * v2, u3, v3, torque)
    u4, v4 = s1 + TIME_STEP * a3, s2 + TIME_STEP * b3
    a4, b4 = accelerations(t1 + TIME_STEP * u3, t2 + TIME_STEP * v3, u4, v4, torque)

    sixth = TIME_STEP / 6.0
    t1 = wrapped(t1 + sixth * (s1 + 2.0 * u2 + 2.0 * u3 + u4))
    t2 = wrapped(t2 + sixth * (s2 + 2.0 * v2 + 2.0 * v3 + v4))
    s1 = min(max(s1 + sixth * (a1 + 2.0 * a2 + 2.0 * a3 + a4), -LARGEST_SPEED_1), LARGEST_SPEED_1)
    s2 = min(max(s2 + sixth * (b1 + 2.0 * b2 + 2.0 * b3 + b4), -LARGEST_SPEED_2), LARGEST_SPEED_2)
    raised = -cos(t1) - cos(t2 + t1) > 1.0
    return (t1, t2, s1, s2, 0.0), (0.0 if raised else -1.0), raised


def wrapped(angle: float) -> float:
    """`angle` brought to -π … π turn by turn. Three turns are more than a step at the largest speeds can make."""
    for _ in range(3):
        angle = angle - TURN if angle > math.pi else angle
    for _ in range(3):
        angle = angle + TURN if angle < -math.pi else angle
    return angle


def observe(state: Numbers) -> Numbers:
    """Cosine and sine of both angles, and the angular velocities."""
    theta1, theta2, speed1, speed2, at_start = state
    start = at_start == 1.0
    return (
        float32_cos(theta1) if start else cos(theta1),
        float32_sin(theta1) if start else sin(theta1),
        float32_cos(theta2) if start else cos(theta2),
        float32_sin(theta2) if start else sin(theta2),
        speed1,
        speed2,
    )


KERNEL = Kernel(
    name="acrobot",
    reset=reset,
    step=step,
    observe=observe,
    state_size=5,
    draw_count=4,
    observation=Box(
        (-1.0, -1.0, -1.0, -1.0, -LARGEST_SPEED_1, -LARGEST_SPEED_2),
        (1.0, 1.0, 1.0, 1.0, LARGEST_SPEED_1, LARGEST_SPEED_2),
    ),
    action=Discrete(3),
    time_limit=500,
    identifiers=("Acrobot-v1",),
    constants={
        "dt": TIME_STEP,
        "LINK_LENGTH_1": LENGTH_1,
        "LINK_MASS_1": MASS_1,
        "LINK_MASS_2": MASS_2,
        "LINK_COM_POS_1": CENTRE_1,
        "LINK_COM_POS_2": CENTRE_2,
        "LINK_MOI": INERTIA,
        "MAX_VEL_1": LARGEST_SPEED_1,
        "MAX_VEL_2": LARGEST_SPEED_2,
        "torque_noise_max": 0.0,
    },
    # The motion is chaotic: a sine that differs in its last bit ends one episode in 400 differently. So no bound is
    # given, and the C library's functions are used throughout.
    largest_angle=None,
)
