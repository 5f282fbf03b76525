import { notify } from "./dom.js";

/** Take files that are dropped on the page or pasted: pictures, and model files by their name. */
export function takeFiles({ openPictures, openModel }) {
  const take = (files) => {
    const models = files.filter((file) => file.name.toLowerCase().endsWith(".onnx"));
    const pictures = files.filter((file) => !models.includes(file));
    if (models.length) openModel(models);
    else if (pictures.length) openPictures(pictures);
    else notify("There is no file in what was dropped.");
  };
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  addEventListener("drop", (event) => {
    event.preventDefault();
    document.body.classList.remove("dropping");
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => {
    const files = [...event.clipboardData.files];
    if (files.length) {
      event.preventDefault();
      take(files);
    }
  });
}
