// `rondo completion`: what shells run to complete words of the command.
#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "output.h"

namespace rondo::program {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> options_of(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<const CLI::App*> commands_of(const CLI::App& program) { return program.get_subcommands({}); }

std::string names_of(const CLI::App& program) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(program)) names.push_back(command->get_name());
  return joined(names);
}

std::string bash(const CLI::App& program) {
  std::string text =
      "# bash: source <(rondo completion bash)\n"
      "_rondo() {\n"
      "  local word=\"${COMP_WORDS[COMP_CWORD]}\"\n"
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
      "    COMPREPLY=($(compgen -W \"" +
      names_of(program) +
      " --help --version\" -- \"$word\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"$word\" in\n"
      "    -*) ;;\n"
      "    *) [ \"${COMP_WORDS[1]}\" = completion ] && COMPREPLY=($(compgen -W \"bash zsh fish\" -- \"$word\"))\n"
      "       [ \"${COMP_WORDS[1]}\" = completion ] || COMPREPLY=($(compgen -f -- \"$word\"))\n"
      "       return ;;\n"
      "  esac\n"
      "  case \"${COMP_WORDS[1]}\" in\n";
  for (const CLI::App* command : commands_of(program)) {
    text += "    " + command->get_name() + ") COMPREPLY=($(compgen -W \"" + joined(options_of(*command)) +
            "\" -- \"$word\")) ;;\n";
  }
  return text + "  esac\n}\ncomplete -o filenames -F _rondo rondo";
}

std::string zsh(const CLI::App& program) {
  std::string text =
      "#compdef rondo\n"
      "# zsh: source <(rondo completion zsh)\n"
      "_rondo() {\n"
      "  if (( CURRENT == 2 )); then\n"
      "    compadd -- " +
      names_of(program) +
      " --help --version\n"
      "    return\n"
      "  fi\n"
      "  if [[ $PREFIX != -* ]]; then\n"
      "    [[ $words[2] == completion ]] && compadd -- bash zsh fish || _files\n"
      "    return\n"
      "  fi\n"
      "  case $words[2] in\n";
  for (const CLI::App* command : commands_of(program)) {
    text += "    " + command->get_name() + ") compadd -- " + joined(options_of(*command)) + " ;;\n";
  }
  return text + "  esac\n}\ncompdef _rondo rondo";
}

std::string fish(const CLI::App& program) {
  std::string text = "# fish: rondo completion fish | source";
  for (const CLI::App* command : commands_of(program)) {
    const std::string name = command->get_name();
    text += "\ncomplete -c rondo -n __fish_use_subcommand -f -a " + name + " -d '" + command->get_description() + "'";
    for (const CLI::Option* option : command->get_options()) {
      for (const std::string& long_name : option->get_lnames()) {
        text += "\ncomplete -c rondo -n '__fish_seen_subcommand_from " + name + "' -l " + long_name;
      }
    }
  }
  return text + "\ncomplete -c rondo -n '__fish_seen_subcommand_from completion' -f -a 'bash zsh fish'";
}

}  // namespace

void add_completion(CLI::App& program) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = program.add_subcommand("completion", "print what makes a shell complete this command");
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer("Example:\n  source <(rondo completion bash)");
  command->callback([shell, &program] {
    print_line(*shell == "bash" ? bash(program) : *shell == "zsh" ? zsh(program) : fish(program));
  });
}

}  // namespace rondo::program
