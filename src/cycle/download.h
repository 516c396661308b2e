// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The last step: the sound, in the best form that can be had. The task is paid for, so each form is tried before the
// result is given up.
#pragma once

#include <array>
#include <memory>
#include <span>

#include "cycle/run.h"

namespace klingv2a::cycle {

inline constexpr std::array kFormsByPreference{ResultForm::wav, ResultForm::mp3, ResultForm::video};

struct ResultSound {
  ResultForm form;
  std::shared_ptr<const SpoolFile> file;
};

// Fetches the first of `forms` that can be had and that the observer's on_sound() takes. `task` is replaced when it is
// queried again for late results or fresh links.
// Throws Error{result} that says what was wrong with each form, Error{disk}, Error{cancelled}.
[[nodiscard]] ResultSound download(Run& run, gateway::Task& task,
                                   std::span<const ResultForm> forms = kFormsByPreference);

}  // namespace klingv2a::cycle
