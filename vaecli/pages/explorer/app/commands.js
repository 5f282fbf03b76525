import { latentText } from "./address.js";

/** The commands of a shell that make what the page shows. */

/** Quote a word for the shell where it needs it. */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\"'\"'")}'`;
}

/** Return the command of a sheet of samples. */
export function sampleCommand(model, count, sample, classNames, out = "samples.png") {
  const { seed, first, temperature, prior, label } = sample;
  return words("vaecli", "sample", "-m", model, "-n", count, "--seed", seed, "--first", first,
    ...(temperature === 1 ? [] : ["--temperature", temperature]),
    ...(prior ? ["--prior", prior] : []), ...(label === null ? [] : ["--label", classNames[label]]), "-o", out);
}

/** Return the command of the picture at a latent, by what it came from. */
export function pictureCommand(model, state, classNames) {
  const { origin, z, label } = state;
  if (origin?.kind === "sample") {
    return sampleCommand(model, 1, { ...origin.sample, first: origin.index }, classNames, "picture.png");
  }
  if (origin?.kind === "own") {
    return words("vaecli", "reconstruct", origin.file, "-m", model, "--cutout", "off", "-o", "picture.png");
  }
  if (origin?.kind === "edit") {
    return words("vaecli", "edit", origin.file, "-m", model, "--cutout", "off", "--toward", origin.toward,
      `--amount=${origin.amount}`, "-o", "picture.png");
  }
  return pythonCommand(model, z, label);
}

/** Return the command of the plane, around the mean or around a picture in a file. */
export function planeCommand(model, plane, steps, file) {
  return words("vaecli", "traverse", ...(file ? [file, "--cutout", "off"] : []), "-m", model, "--dims", plane.join(),
    "--steps", steps, "-o", "plane.png");
}

/** Return the command of a path between pictures in files. */
export function pathCommand(model, files, { kind, steps }) {
  return words("vaecli", "interpolate", ...files, "-m", model, "--path", kind, "--steps", steps, "--cutout", "off",
    "-o", "path.gif");
}

/** Return a line of Python for a latent that no command names. */
export function pythonCommand(model, z, label) {
  const given = label === null ? "" : `, ${label}`;
  const code = "import numpy, vaecli; from PIL import Image; "
    + `x = vaecli.Model.open(${JSON.stringify(model)}).decode([[${latentText(z)}]]${given})[0]; `
    + "Image.fromarray(numpy.rint(x * 255).astype('u1').squeeze()).save('picture.png')";
  return words("python", "-c", code);
}

function words(...parts) {
  return parts.map((part) => quoted(String(part))).join(" ");
}
